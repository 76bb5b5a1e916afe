#!/bin/sh
# trim.sh ROOT: makes a freshly unpacked Debian root boot fast under emulation.
# Every removal here was timed (docs: the lab); what a gateway or a client uses stays.
set -eu
root=$1
version=$(ls "$root/lib/modules" | head -n 1)
modules=$root/lib/modules/$version/kernel

# Drivers of hardware that QEMU does not show. drivers/cdrom stays: isofs, and with it
# the cloud-init seed, needs it.
rm -rf "$modules/sound"
for driver in "$modules"/drivers/*; do
  case ${driver##*/} in
    net|block|virtio|char|crypto|cdrom|ptp|pps) ;;
    *) rm -rf "$driver" ;;
  esac
done
for driver in ethernet wireless phy usb can fddi hamradio arcnet wwan ieee802154 dsa mdio pcs; do
  rm -rf "$modules/drivers/net/$driver"
done
# systemd-networkd asks for radios, which would load these.
rm -rf "$modules/net/wireless" "$modules/net/mac80211" "$modules/net/bluetooth"
for filesystem in xfs btrfs ocfs2 gfs2 f2fs smb nfs nfsd ceph jfs ubifs bcachefs reiserfs; do
  rm -rf "$modules/fs/$filesystem"
done
# Unpacking a module costs more than reading it.
find "$modules" -name '*.ko.xz' -print0 | xargs -0 -r -P2 -n40 xz -d
chroot "$root" depmod "$version"

rm -rf "$root"/var/cache/apt/*.bin "$root"/var/lib/apt/lists/* "$root"/usr/share/doc/* \
  "$root"/usr/share/man/* "$root"/usr/share/locale/* "$root"/usr/share/info/*
mkdir -p "$root/var/lib/apt/lists/partial"

# No machine's identity in an image that many machines share.
rm -f "$root"/etc/ssh/ssh_host_* "$root"/etc/hostname "$root"/var/lib/dbus/machine-id
: > "$root/etc/machine-id"

# QEMU's user network answers for names here; a resolver daemon would only slow the boot.
rm -f "$root/etc/resolv.conf"
echo 'nameserver 10.0.2.3' > "$root/etc/resolv.conf"
echo '/dev/vda / ext4 defaults,noatime 0 0' > "$root/etc/fstab"
mkdir -p "$root/etc/ssh/sshd_config.d"
printf 'PermitRootLogin prohibit-password\nPasswordAuthentication no\nUseDNS no\n' \
  > "$root/etc/ssh/sshd_config.d/10-lab.conf"

cat > "$root/etc/cloud/cloud.cfg.d/99-lab.cfg" <<'Y'
datasource_list: [ NoCloud ]
ssh_genkeytypes: [ ed25519 ]
disable_root: false
users: []
manage_etc_hosts: false
preserve_hostname: false
cloud_init_modules: [ write_files, set_hostname, users_groups, ssh ]
cloud_config_modules: [ runcmd ]
cloud_final_modules: [ scripts_user ]
Y

# How far the boot is, for the one who waits (lab/machine.ts reads these words).
units=$root/etc/systemd/system
stage() { # stage NAME WORD AFTER WANTED-BY
  cat > "$units/lab-$1.service" <<Y
[Unit]
Description=Say on the console: $2
DefaultDependencies=no
After=$3
[Service]
Type=oneshot
StandardOutput=tty
TTYPath=/dev/ttyS0
ExecStart=/bin/sh -c 'read up rest </proc/uptime; echo "$2 \$up"'
Y
  mkdir -p "$units/$4.wants"
  ln -sf "../lab-$1.service" "$units/$4.wants/lab-$1.service"
}
stage systemd LAB-SYSTEMD systemd-remount-fs.service sysinit.target
stage cloud-init LAB-CLOUD-INIT cloud-init-local.service cloud-init.target
stage ssh LAB-SSH ssh.service multi-user.target
stage ready LAB-READY 'cloud-final.service ssh.service' cloud-init.target

# Where a machine stands still to be saved; only on a kernel that is told so.
install -m 755 "$(dirname "$0")/park.sh" "$root/usr/local/sbin/lab-park"
cat > "$units/lab-park.service" <<'Y'
[Unit]
Description=Wait for a seed
DefaultDependencies=no
ConditionKernelCommandLine=lab.park
After=cloud-init-main.service systemd-udev-trigger.service systemd-journald.service
Before=cloud-init-local.service
[Service]
Type=oneshot
TimeoutSec=0
ExecStart=/usr/local/sbin/lab-park
Y
ln -sf ../lab-park.service "$units/cloud-init.target.wants/lab-park.service"

for unit in systemd-pstore.service apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer fstrim.timer \
  dpkg-db-backup.timer man-db.timer systemd-networkd-wait-online.service e2scrub_reap.service getty@tty1.service \
  serial-getty@ttyS0.service systemd-hwdb-update.service ldconfig.service systemd-binfmt.service \
  systemd-journal-catalog-update.service systemd-update-done.service modprobe@drm.service \
  modprobe@efi_pstore.service modprobe@fuse.service systemd-random-seed.service \
  systemd-tpm2-setup.service systemd-tpm2-setup-early.service cloud-init-hotplugd.socket \
  systemd-firstboot.service systemd-pcrmachine.service systemd-pcrphase.service \
  dev-hugepages.mount dev-mqueue.mount sys-kernel-debug.mount sys-kernel-tracing.mount tmp.mount \
  modprobe@configfs.service modprobe@dm_mod.service modprobe@loop.service systemd-journal-flush.service \
  systemd-network-generator.service; do
  ln -sf /dev/null "$units/$unit"
done

# Generators look for what these machines do not have. cloud-init's one is a long shell script
# that finds out whether and from where to configure: the answer is known.
mkdir -p "$root/etc/systemd/system-generators" "$units/multi-user.target.wants"
for generator in systemd-cryptsetup-generator systemd-veritysetup-generator systemd-integritysetup-generator \
  systemd-gpt-auto-generator systemd-hibernate-resume-generator systemd-tpm2-generator systemd-ssh-generator \
  systemd-run-generator systemd-getty-generator systemd-debug-generator systemd-import-generator \
  systemd-rc-local-generator systemd-bless-boot-generator cloud-init-generator; do
  ln -sf /dev/null "$root/etc/systemd/system-generators/$generator"
done
ln -sf /usr/lib/systemd/system/cloud-init.target "$units/multi-user.target.wants/cloud-init.target"
# cloud-init goes on without it, and saves two seconds of checking its own input's form.
rm -rf "$root/usr/lib/python3/dist-packages/jsonschema"
chroot "$root" systemctl enable systemd-networkd.service > /dev/null 2>&1

# The daemons start when they have a configuration, not before.
for unit in strongswan.service xl2tpd.service iperf3.service frr.service freeradius.service; do
  rm -f "$units"/*.wants/"$unit"
done
chroot "$root" update-rc.d xl2tpd disable > /dev/null 2>&1 || true

# systemd looks at each generator and cloud-init compiles its own modules: once, here.
chroot "$root" python3 -m compileall -q /usr/lib/python3 /usr/lib/python3.13 > /dev/null 2>&1 || true
