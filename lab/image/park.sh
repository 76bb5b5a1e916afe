#!/bin/sh
# park.sh: run by a machine with `lab.park` on its kernel's command line, once cloud-init is loaded and before it looks
# for a seed. Says LAB-PARKED and waits; its state is saved there, and each machine that starts from it gets its cards and
# seed then (lab/parked.ts). After a restart the seed is there and nothing waits.
seed=/dev/disk/by-label/cidata
[ -e "$seed" ] && exit 0
echo LAB-PARKED > /dev/ttyS0
while ! [ -e "$seed" ]; do sleep 0.2; done
# The clock has stood still, and what was unique is now many machines'. The kernel's random numbers renew themselves
# (QEMU's vmgenid).
date -s "@$(cat /sys/class/rtc/rtc0/since_epoch)" > /dev/null
rm -f /etc/machine-id
systemd-machine-id-setup > /dev/null 2>&1
systemctl --no-block restart systemd-journald.service
echo LAB-RESUMED > /dev/ttyS0
