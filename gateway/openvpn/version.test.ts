import { expect, it } from "vitest";
import { findVersionFault } from "./version";

it.each(["2.6.14", "2.6.21", "2.7_beta1", "2.7.0", "3.0"])("openvpn %s is fit", (version) => {
  expect(findVersionFault(version)).toBeNull();
});

it.each(["2.6.13", "2.6.3", "2.6_rc1", "2.5.11", "1.9", "2.6"])(
  "openvpn %s is said to be too old, and why",
  (version) => {
    expect(findVersionFault(version)).toContain(`openvpn is ${version}, older than 2.6.14`);
  },
);
