-- Who had an address: sessions are found by it also once its holder is deleted.
CREATE INDEX sessions_vpn_address_idx ON sessions (vpn_address);
