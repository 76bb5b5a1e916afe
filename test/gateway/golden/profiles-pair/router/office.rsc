# IKEv2 to office for RouterOS 7. Written by pulumi-vpn-gateway, after MikroTik's manual, and not run on a router.
# It holds secrets. Put authority.crt on the router beside it, then: /import file-name=office.rsc
# LAN is the interface list of RouterOS' own default configuration: what comes in by it may use the tunnel.
# A FastTrack rule passes the tunnel by: give it connection-mark=no-mark.
/certificate import file-name=authority.crt passphrase=""
/ip ipsec profile add name=office hash-algorithm=sha384 enc-algorithm=aes-256 dh-group=ecp384 dpd-interval=30s dpd-maximum-failures=4 nat-traversal=yes
/ip ipsec proposal add name=office auth-algorithms="" enc-algorithms=aes-256-gcm pfs-group=ecp384
/ip ipsec policy group add name=office
/ip ipsec policy add group=office proposal=office template=yes src-address=0.0.0.0/0 dst-address=0.0.0.0/0
/ip ipsec mode-config add name=office responder=no connection-mark=office
/ip ipsec peer add name=office address=192.0.2.11 exchange-mode=ike2 profile=office
/ip ipsec identity add peer=office auth-method=eap eap-methods=eap-mschapv2 certificate="" username=alice password=canary-password-0-8431 remote-id=address:192.0.2.11 generate-policy=port-strict mode-config=office policy-template-group=office
/ip firewall mangle add chain=prerouting in-interface-list=LAN dst-address-type="!local" action=mark-connection new-connection-mark=office passthrough=yes comment=office
/ip firewall mangle add chain=forward connection-mark=office ipsec-policy=in,ipsec protocol=tcp tcp-flags=syn tcp-mss="!0-1382" action=change-mss new-mss=1382 passthrough=yes comment=office
/ip firewall mangle add chain=forward connection-mark=office ipsec-policy=out,ipsec protocol=tcp tcp-flags=syn tcp-mss="!0-1382" action=change-mss new-mss=1382 passthrough=yes comment=office
