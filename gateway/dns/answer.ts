/**
 * What the gateway's DNS says to one message. Pure. It knows the names of devices, `<device>.<tenant>.<zone>`, and tells
 * them to people who may reach the device; to everybody else such a name is no name. It resolves nothing for others: what
 * is outside the zone is refused, so a client asks whom it would have asked anyway.
 */
import { type Answer, AUTHORITATIVE_ANSWER, decode, encode, type Packet, RECURSION_DESIRED } from "dns-packet";
import type { DeviceValue } from "../protocol/document";
import { type Asker, addressOfReverse } from "./directory";

export interface Names {
  findAsker(address: string): Asker | undefined;
  findByLabel(asker: Asker, label: string): DeviceValue | undefined;
  findByAddress(asker: Asker, address: string): DeviceValue | undefined;
}

/** Short: an answer outlives the permission to reach what it names by no more. In seconds. */
const ttl = 30;
const maxUdpBytes = 512;

/** Response codes (RFC 1035, 4.1.1). */
const rcode = { formatError: 1, noName: 3, notImplemented: 4, refused: 5 } as const;

/**
 * @param from the asker's address
 * @returns undefined where nothing is to be said: to what is no question, an answer could be sent back and forth for ever
 */
export function answer(names: Names, zone: string, from: string, message: Buffer): Buffer | undefined {
  if (message.length < 12 || message.length > maxUdpBytes || (message[2]! & 0x80) !== 0) return undefined;
  const head = { id: message.readUInt16BE(0), flags: message.readUInt16BE(2) & RECURSION_DESIRED };
  const opcode = (message[2]! >> 3) & 15;
  if (opcode !== 0) return reply({ ...head, code: rcode.notImplemented, opcode });
  let query: Packet;
  try {
    query = decode(message);
  } catch {
    return reply({ ...head, code: rcode.formatError });
  }
  const [question, ...others] = query.questions ?? [];
  if (!question || others.length > 0) return reply({ ...head, code: rcode.formatError });
  const asked = { ...head, questions: [question] };
  const name = question.name.toLowerCase();
  if (question.class !== "IN" || !/^[\x21-\x7e]{1,253}$/.test(name)) return reply({ ...asked, code: rcode.refused });
  const asker = names.findAsker(from);
  const tenant = asker?.document.tenant;
  if (!asker || tenant?.state !== "active") return reply({ ...asked, code: rcode.refused });

  const domain = `${tenant.label}.${zone}`;
  const reversed = addressOfReverse(name);
  if (reversed) {
    const device = names.findByAddress(asker, reversed);
    if (!device) return reply({ ...asked, code: rcode.refused });
    const data = `${device.label}.${domain}`;
    const answers: Answer[] = isType(question.type, "PTR") ? [{ type: "PTR", name: question.name, ttl, data }] : [];
    return reply({ ...asked, answers, authorities: answers.length > 0 ? [] : [startOf(domain)] });
  }
  if (name !== zone && !name.endsWith(`.${zone}`)) return reply({ ...asked, code: rcode.refused });
  const device = name.endsWith(`.${domain}`) ? names.findByLabel(asker, name.slice(0, -domain.length - 1)) : undefined;
  if (!device && name !== domain && name !== zone)
    return reply({ ...asked, code: rcode.noName, authorities: [startOf(zone)] });
  const answers: Answer[] =
    device && isType(question.type, "A") ? [{ type: "A", name: question.name, ttl, data: device.address }] : [];
  return reply({ ...asked, answers, authorities: answers.length > 0 ? [] : [startOf(zone)] });
}

const isType = (asked: string, own: string) => asked === own || asked === "ANY";

/** Says for how long a "no" may be kept (RFC 2308). */
function startOf(name: string): Answer {
  const times = { serial: 1, refresh: 3600, retry: 600, expire: 86_400, minimum: ttl };
  return { type: "SOA", name, ttl, data: { mname: name, rname: `hostmaster.${name}`, ...times } };
}

function reply({
  id,
  flags,
  code = 0,
  opcode = 0,
  ...sections
}: Pick<Packet, "questions" | "answers" | "authorities"> & {
  id: number;
  flags: number;
  code?: number;
  opcode?: number;
}): Buffer {
  const whole = { type: "response" as const, id, flags: flags | AUTHORITATIVE_ANSWER, ...sections };
  let said = encode(whole);
  // Who gets no start of authority keeps a "no" for as long as they like: better than half an answer.
  if (said.length > maxUdpBytes) said = encode({ ...whole, authorities: [] });
  said[2] = said[2]! | (opcode << 3);
  said[3] = (said[3]! & 0xf0) | code;
  return said;
}
