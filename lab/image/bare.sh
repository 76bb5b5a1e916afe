#!/bin/sh
# bare.sh ROOT OUT: run by mmdebstrap as a hook; leaves OUT/root.img, a disk like a cloud's: GRUB in its first megabyte,
# one partition, Debian with the cloud kernel and cloud-init, and nothing of what a gateway needs.
set -eu
root=$1 out=$2
PATH=$PATH:/usr/sbin:/sbin

# No machine's identity in an image that many machines share.
rm -f "$root"/etc/ssh/ssh_host_* "$root"/etc/hostname "$root"/var/lib/dbus/machine-id
: > "$root/etc/machine-id"
rm -f "$root/etc/resolv.conf"
echo 'nameserver 10.0.2.3' > "$root/etc/resolv.conf"
echo '/dev/vda1 / ext4 defaults,noatime 0 1' > "$root/etc/fstab"
# Where packages come from is decided by who makes the image.
printf 'apt:\n  preserve_sources_list: true\n' > "$root/etc/cloud/cloud.cfg.d/99-lab.cfg"
chroot "$root" systemctl enable systemd-networkd.service > /dev/null 2>&1

words='console=ttyS0 net.ifnames=0 mitigations=off tsc=reliable no_timer_check random.trust_cpu=on'
cat > "$root/etc/default/grub" <<Y
GRUB_DEFAULT=0
GRUB_TIMEOUT=0
GRUB_TERMINAL=serial
GRUB_CMDLINE_LINUX="$words"
Y
# What `grub-install` would do to a disk, to a file: first boot's menu by hand, every later one by `update-grub`.
kernel=$(cd "$root/boot" && ls vmlinuz-*)
grub=$root/boot/grub
mkdir -p "$grub/i386-pc"
cp "$root"/usr/lib/grub/i386-pc/*.mod "$root"/usr/lib/grub/i386-pc/*.lst "$grub/i386-pc/"
cat > "$grub/grub.cfg" <<Y
serial --unit=0 --speed=115200
terminal_input serial
terminal_output serial
linux /boot/$kernel root=/dev/vda1 ro $words
initrd /boot/initrd.img-${kernel#vmlinuz-}
boot
Y
chroot "$root" grub-mkimage -O i386-pc -o /tmp/core.img -p '(hd0,msdos1)/boot/grub' biosdisk part_msdos ext2 normal linux serial terminal
core=$(mktemp) boot=$(mktemp)
cat "$root/tmp/core.img" > "$core"
cat "$root/usr/lib/grub/i386-pc/boot.img" > "$boot"
rm -rf "$root"/tmp/* "$root"/var/tmp/* "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*.bin
mkdir -p "$root/var/lib/apt/lists/partial"
dpkg-query --admindir="$root/var/lib/dpkg" -W -f '${Package} ${Version}\n' > "$out/packages" 2>/dev/null || true

disk=$out/root.img
truncate -s 4G "$disk"
# Through a bind mount, which shows the root without the /proc, /sys and /dev mounted in it.
bare=$(mktemp -d)
mount --bind "$root" "$bare"
trap 'umount "$bare"; rm -rf "$bare" "$core" "$boot"' EXIT
# GRUB reads neither of the newer features.
mkfs.ext4 -q -F -L root -O ^metadata_csum_seed,^orphan_file -E offset=1048576,lazy_itable_init=1,lazy_journal_init=1 -m 0 -d "$bare" "$disk" 4193280k
dd if="$boot" of="$disk" bs=440 count=1 conv=notrunc status=none
# One entry of an MBR: active, Linux, from sector 2048 for 8386560 sectors.
printf '\200\376\377\377\203\376\377\377\000\010\000\000\000\370\177\000' | dd of="$disk" bs=1 seek=446 conv=notrunc status=none
printf '\125\252' | dd of="$disk" bs=1 seek=510 conv=notrunc status=none
dd if="$core" of="$disk" bs=512 seek=1 conv=notrunc status=none
