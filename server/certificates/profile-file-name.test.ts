import { expect, test } from "vitest";
import { profileFileName } from "./profile-file-name";

test.each([
  ["Acme Field Service", "Dana Fox", "acme-field-service-dana-fox.ovpn"],
  ["Müller & Söhne", "Zoë O’Neill", "muller-sohne-zoe-o-neill.ovpn"],
  ["Straßenbau Süd", "Jürgen Groß", "strassenbau-sud-jurgen-gross.ovpn"],
  ["東京水道", "山田", "dongjingshuidao-shantian.ovpn"],
  ["Водоканал", "Насос 4", "vodokanal-nasos-4.ovpn"],
  ["Ύδρευση", "Ελένη", "ydreysi-eleni.ovpn"],
  ["../..", "/etc/passwd", "etc-passwd.ovpn"],
  ["…", "—", "drawbridge.ovpn"],
])("the file of %s, %s is %s", (tenant, holder, expected) => {
  expect(profileFileName(tenant, holder)).toBe(expected);
});

test("a long name of a tenant leaves room for whose file it is", () => {
  const tenant = "Verwaltungsgesellschaft der Stadtwerke an der Unteren Elbe und Umgebung mbH";
  expect(profileFileName(tenant, "Ana")).not.toBe(profileFileName(tenant, "Bob"));
  expect(profileFileName(tenant, tenant).length).toBeLessThanOrEqual(70);
});
