/** `npm run story`: the story from a customer's first sign-in to a packet, in a browser, with real openvpn. */
process.argv.splice(2, 0, "story");
await import("./browser.mjs");
