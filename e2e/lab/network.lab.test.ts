import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createLab, type Lab, type LabGateway, type LabPerson, type LabSite } from "./network";

const labNumber = 231;
let lab: Lab;
let gateways: LabGateway[];
let site: LabSite;
let person: LabPerson;

beforeAll(async () => {
  lab = await createLab(labNumber);
  gateways = [await lab.addGateway()];
  site = await lab.addSite(7, [
    { address: "10.0.0.10", name: "pump" },
    { address: "10.0.0.11", name: "camera" },
  ]);
  gateways.push(await lab.addGateway());
  person = await lab.addPerson();
});
afterAll(() => lab?.destroy());

describe("the lab's network", () => {
  it("joins people and gateways, and people to nothing else", async () => {
    expect(await lab.canPing(person.namespace, gateways[0]!.wanAddress)).toBe(true);
    expect(await lab.canConnect(person.namespace, gateways[0]!.wanAddress, 9)).toBe("refused");
    expect(await lab.canConnect(person.namespace, "10.0.0.10", 80)).toBe("unreachable");
  });

  it("has devices that answer over every gateway, by the way that the question came", async () => {
    for (const gateway of gateways) {
      const uplink = `via ${gateway.nextHop(7)} dev ${site.uplink}`.split(" ");
      await lab.exec(gateway.namespace, ["ip", "route", "add", "10.0.0.0/24", ...uplink]);
      // An address that both gateways may hold, as a client's: only the mark tells the way back.
      await lab.exec(gateway.namespace, ["ip", "addr", "add", "100.64.16.1/32", "dev", "lo"]);
      await lab.exec(gateway.namespace, ["ip", "route", "change", "10.0.0.0/24", ...uplink, "src", "100.64.16.1"]);
      expect(await lab.httpGet(gateway.namespace, "10.0.0.10")).toBe("tenant 7 device 10.0.0.10 pump\n");
      expect(await lab.httpGet(gateway.namespace, "10.0.0.11", 8080)).toBe("tenant 7 device 10.0.0.11 camera\n");
      expect(await lab.canConnect(gateway.namespace, "10.0.0.11", 81)).toBe("refused");
    }
  });

  it("is made anew over what a crashed run left", async () => {
    const abandoned = await createLab(232);
    const { namespace } = await abandoned.addPerson();
    const child = abandoned.spawn(namespace, ["sleep", "1000"]);
    const ended = new Promise((resolve) => child.once("exit", resolve));
    const next = await createLab(232);
    await ended;
    await next.addPerson();
    await next.destroy();
    expect(await lab.canPing(person.namespace, gateways[1]!.wanAddress)).toBe(true);
  });
});
