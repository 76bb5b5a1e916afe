/** The X.509 library, ready to use. */
import "reflect-metadata"; // what the library's dependency injection needs, and does not import itself
import { webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";

x509.cryptoProvider.set(webcrypto);

export { x509 };
