/** The lab's stand-in for the `tls` provider. */
import { packageVersion } from "./packageVersion";
import { serveProvider, type ResourceTypes } from "./provider";
import { certRequest, locallySignedCert, selfSignedCert } from "./tlsCertificates";
import { privateKey } from "./tlsKeys";

/** The resource types of @pulumi/tls that the stand-in has. */
export const tlsTypes: ResourceTypes = {
  "tls:index/certRequest:CertRequest": certRequest,
  "tls:index/locallySignedCert:LocallySignedCert": locallySignedCert,
  "tls:index/privateKey:PrivateKey": privateKey,
  "tls:index/selfSignedCert:SelfSignedCert": selfSignedCert,
};

if (require.main === module) {
  void serveProvider("tls", packageVersion("tls"), tlsTypes);
}
