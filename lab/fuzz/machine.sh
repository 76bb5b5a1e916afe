#!/bin/sh
# The first program of the fuzzer's machine, a user-mode Linux on the lab's image: what PPP and L2TP need, the configuration
# of a gateway, and the fuzzer. /mnt is what the host gives: modules, world, fuzz, etc, words.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin PYTHONDONTWRITEBYTECODE=1
mount -n -t proc proc /proc
mount -n -t sysfs sysfs /sys
for folder in /run /tmp /var/log; do mount -n -t tmpfs tmpfs $folder; done
mkdir -p /dev/pts /run/etc /run/cores /run/lock /run/xl2tpd
mount -n -t devpts devpts /dev/pts
for module in drivers/net/slip/slhc drivers/net/ppp/ppp_generic drivers/net/ppp/pppox net/ipv6/ip6_udp_tunnel net/ipv4/udp_tunnel net/l2tp/l2tp_core net/l2tp/l2tp_ppp; do
  # One that is not there is built in.
  [ ! -f /mnt/modules/*/kernel/$module.ko ] || insmod /mnt/modules/*/kernel/$module.ko
done
ip link set lo up
cp -a /etc/. /run/etc
cp -R /mnt/etc/. /run/etc
chmod 600 /run/etc/ppp/chap-secrets
echo 'logfile /run/ppp.log' >>/run/etc/ppp/options.vpn-gateway
mount -n --bind /run/etc /etc
# Whatever dies of its own fault leaves a core.
ulimit -c unlimited
sysctl -qw kernel.core_pattern=/run/cores/%e.%s.%p fs.suid_dumpable=2
python3 /mnt/fuzz/fuzz.py </mnt/words.json 2>&1
echo o >/proc/sysrq-trigger
sleep 60
