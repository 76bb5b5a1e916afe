#!/bin/sh
# finish.sh ROOT OUT: run by mmdebstrap as a hook, where ROOT's owners are what they will be
# in the machine; leaves vmlinuz, initrd and root.img in OUT.
set -eu
root=$1 out=$2
here=$(dirname "$0")
PATH=$PATH:/usr/sbin:/sbin

# cat, not cp: in a user namespace OUT belongs to somebody else.
cat "$root"/boot/vmlinuz-* > "$out/vmlinuz"
sh "$here/trim.sh" "$root"
sh "$here/initramfs.sh" "$root" "$out/initrd"
rm -rf "$root"/boot/* "$root"/tmp/* "$root"/var/tmp/*
dpkg-query --admindir="$root/var/lib/dpkg" -W -f '${Package} ${Version}\n' > "$out/packages" 2>/dev/null || true

# Room for logs and captures; the file is sparse and each machine writes to an overlay.
truncate -s 3G "$out/root.img"
# Through a bind mount, which shows the root without the /proc, /sys and /dev mounted in it.
bare=$(mktemp -d)
mount --bind "$root" "$bare"
trap 'umount "$bare"; rmdir "$bare"' EXIT
mkfs.ext4 -q -F -L root -O ^has_journal,^metadata_csum -E lazy_itable_init=1 -m 0 -d "$bare" "$out/root.img"
