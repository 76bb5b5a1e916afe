#!/bin/sh
# initramfs.sh ROOT OUT: a very small first file system: busybox and the modules that reach
# the disk. With `lab.probe` on the kernel's command line it says LAB-PROBE-OK and ends.
set -eu
root=$1 out=$2
version=$(ls "$root/lib/modules" | head -n 1)
stage=$root/tmp/initramfs
rm -rf "$stage"
mkdir -p "$stage/bin" "$stage/modules" "$stage/root" "$stage/dev" "$stage/proc"
cp "$root/usr/bin/busybox" "$stage/bin/busybox"
for module in virtio_pci virtio_blk ext4 virtio_net; do
  chroot "$root" modprobe -S "$version" --show-depends "$module" || true
done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r file; do
  cp "$root$file" "$stage/modules/"
  echo "${file##*/}" >> "$stage/modules/list"
done
cat > "$stage/init" <<'Y'
#!/bin/busybox sh
/bin/busybox mount -t devtmpfs dev /dev
/bin/busybox mount -t proc proc /proc
if /bin/busybox grep -q lab.probe /proc/cmdline; then
  echo LAB-PROBE-OK >/dev/console
  /bin/busybox poweroff -f
fi
while read -r module; do /bin/busybox insmod "/modules/$module"; done </modules/list
/bin/busybox umount /proc
/bin/busybox mount -o noatime,rw -t ext4 /dev/vda /root || echo LAB-NO-ROOT >/dev/console
echo LAB-KERNEL >/dev/console
/bin/busybox mount --move /dev /root/dev
exec /bin/busybox switch_root /root /sbin/init
Y
chmod 755 "$stage/init"
chroot "$root" sh -c 'cd /tmp/initramfs && find . | busybox cpio -o -H newc 2>/dev/null' > "$out"
rm -rf "$stage"
