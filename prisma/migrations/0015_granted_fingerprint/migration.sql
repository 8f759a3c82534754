-- SHA-256 of the certificate that the token which stands open has granted.
ALTER TABLE "gateways" ADD COLUMN "granted_fingerprint" TEXT;
