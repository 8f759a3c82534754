-- By it the workers see that settings, or other gateways, make another configuration of what a gateway was sent.
ALTER TABLE "gateways" ADD COLUMN "config_digest" TEXT;
