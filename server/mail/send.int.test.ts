import type { AddressInfo } from "node:net";
import { createServer, type Server } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { callAs, createTenantWithAdmin, createUser, unique } from "@/e2e/support/principals";
import { closeDatabase, inTransaction, system } from "../core/db";
import { closeQueues, queueOf } from "../core/queue";
import { mailSend } from "./jobs";
import { sendMail } from "./mail";
import { sendQueuedMail, sweepMails } from "./send";

/** Takes mail as a mail server would; refuses recipients at `refuse.test`. */
const received: string[] = [];
let server: Server;

beforeAll(async () => {
  server = createServer((socket) => {
    let isData = false;
    let text = "";
    socket.write("220 test\r\n");
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      text += chunk;
      for (;;) {
        const end = isData ? text.indexOf("\r\n.\r\n") : text.indexOf("\r\n");
        if (end < 0) return;
        const part = text.slice(0, end);
        text = text.slice(end + (isData ? 5 : 2));
        if (isData) {
          received.push(part);
          isData = false;
          socket.write("250 taken\r\n");
        } else if (/^RCPT TO:.*refuse\.test/i.test(part)) socket.write("550 no such person\r\n");
        else if (/^DATA/i.test(part)) {
          isData = true;
          socket.write("354 go on\r\n");
        } else if (/^QUIT/i.test(part)) socket.end("221 bye\r\n");
        else socket.write("250 fine\r\n");
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  process.env.SMTP_URL = `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  await closeQueues();
  await closeDatabase();
});

const queue = (to: string) =>
  inTransaction(system, {}, (scope) =>
    sendMail(scope, { to, subject: "Hallo Münster", text: "Line one\n.\nLine two" }),
  );

test("a mail is queued after commit, handed over once, and marked as sent", async () => {
  const outbox = callAs(await createUser("support")).outbox;
  const mailId = await queue(`${unique("to")}@mail.test`);
  const jobs = await queueOf(mailSend.name).getJobs();
  expect(jobs.map((job) => job.data)).toContainEqual({ mailId });
  await sendQueuedMail({ mailId });
  await sendQueuedMail({ mailId });
  const mine = received.filter((text) => text.includes(mailId));
  expect(mine).toHaveLength(1);
  expect(mine[0]).toContain(`Message-ID: <${mailId}@localhost>`);
  expect(await outbox.open({ id: mailId })).toMatchObject({ sentAt: expect.any(Date), attempts: 1, error: null });
});

test("a mail that the server refuses stays in the outbox with why, and is tried again", async () => {
  const outbox = callAs(await createUser("support")).outbox;
  const mailId = await queue("nobody@refuse.test");
  await expect(sendQueuedMail({ mailId })).rejects.toThrow("no such person");
  await expect(sendQueuedMail({ mailId })).rejects.toThrow("no such person");
  const mail = await outbox.open({ id: mailId });
  expect(mail).toMatchObject({ sentAt: null, attempts: 2, error: expect.stringContaining("no such person") });
});

test("a mail whose job was lost is queued again, once, until it is sent, given up or a day old", async () => {
  const mails = { lost: "", sent: "", given: "", old: "", fresh: "" };
  for (const name of Object.keys(mails) as (keyof typeof mails)[])
    mails[name] = await queue(`${unique(name)}@mail.test`);
  const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);
  const change = (mailId: string, data: { createdAt?: Date; sentAt?: Date; attempts?: number }) =>
    inTransaction(system, { isWorker: true }, ({ tx }) => tx.mail.update({ where: { id: mailId }, data }));
  await change(mails.lost, { createdAt: minutesAgo(2), attempts: 1 });
  await change(mails.sent, { createdAt: minutesAgo(2), sentAt: new Date() });
  await change(mails.given, { createdAt: minutesAgo(2), attempts: mailSend.attempts });
  await change(mails.old, { createdAt: minutesAgo(25 * 60) });
  const jobs = async () => (await queueOf(mailSend.name).getJobs()).map(({ data }) => data.mailId);
  await queueOf(mailSend.name).obliterate({ force: true });
  await sweepMails();
  await sweepMails();
  expect((await jobs()).filter((mailId) => Object.values(mails).includes(mailId))).toEqual([mails.lost]);
});

test("mail of a transaction that rolls back is neither kept nor queued", async () => {
  const outbox = callAs(await createUser("support")).outbox;
  const to = `${unique("undone")}@mail.test`;
  const attempt = inTransaction(system, {}, async (scope) => {
    await sendMail(scope, { to, subject: "x", text: "x" });
    throw new Error("undone");
  });
  await expect(attempt).rejects.toThrow("undone");
  expect((await outbox.list({ search: to })).total).toBe(0);
});

describe("a mail with a secret", () => {
  let tenantId: string;
  let admin: ReturnType<typeof callAs>;
  beforeAll(async () => {
    const tenant = await createTenantWithAdmin();
    tenantId = tenant.tenantId;
    admin = callAs(tenant.admin);
  });

  const invite = (email = `${unique("to")}@mail.test`) =>
    admin.members.invite({ tenantId, email, role: "viewer" as const });
  const rowOf = (mailId: string) =>
    inTransaction(system, { isWorker: true }, ({ tx }) => tx.mail.findUniqueOrThrow({ where: { id: mailId } }));
  const sent = (mailId: string) =>
    received
      .find((text) => text.includes(mailId))
      ?.replaceAll("=\r\n", "")
      .replaceAll("=3D", "=");
  const token = /\/invitation\/([\w-]{43})/;

  test("is sent with it; staff, and once it was sent the database, have it without", async () => {
    const { mailId } = await invite();
    const { text, sealedSecret } = await rowOf(mailId);
    expect(text).not.toMatch(token);
    expect(sealedSecret).not.toBeNull();
    const outbox = callAs(await createUser("support")).outbox;
    const opened = await outbox.open({ id: mailId });
    expect(opened).toMatchObject({ secret: "left out", text: expect.stringContaining("Accept the invitation here") });
    expect(JSON.stringify(opened)).not.toMatch(token);
    await sendQueuedMail({ mailId });
    const [, value] = token.exec(sent(mailId)!)!;
    await expect(callAs(null).invitations.open({ token: value! })).resolves.toMatchObject({ role: "viewer" });
    expect(await rowOf(mailId)).toMatchObject({ text, sealedSecret: null });
    expect(await outbox.open({ id: mailId })).toMatchObject({ text, secret: "forgotten" });
  });

  test("is not sent any more, nor queued again, when what it brings was replaced or withdrawn", async () => {
    const [first, withdrawn] = [await invite("twice@mail.test"), await invite()];
    const second = await invite("twice@mail.test");
    await admin.members.revokeInvitation({ tenantId, invitationId: withdrawn.invitationId });
    const mailIds = [first, withdrawn, second].map(({ mailId }) => mailId);
    const createdAt = new Date(Date.now() - 2 * 60_000);
    await inTransaction(system, { isWorker: true }, ({ tx }) =>
      tx.mail.updateMany({ where: { id: { in: mailIds } }, data: { createdAt } }),
    );
    await queueOf(mailSend.name).obliterate({ force: true });
    await sweepMails();
    const jobs = (await queueOf(mailSend.name).getJobs()).map(({ data }) => data.mailId);
    expect(jobs.filter((mailId) => mailIds.includes(mailId))).toEqual([second.mailId]);
    for (const mailId of mailIds) await sendQueuedMail({ mailId });
    expect(mailIds.map((mailId) => Boolean(sent(mailId)))).toEqual([false, false, true]);
  });

  test("is kept unsent, with why, when it was sealed with another envelope key", async () => {
    const { mailId } = await invite();
    await inTransaction(system, { isWorker: true }, ({ tx }) =>
      tx.mail.update({ where: { id: mailId }, data: { sealedSecret: new Uint8Array(40).fill(1) } }),
    );
    await expect(sendQueuedMail({ mailId })).rejects.toThrow("ENVELOPE_KEY");
    expect(await rowOf(mailId)).toMatchObject({ sentAt: null, error: expect.stringContaining("ENVELOPE_KEY") });
  });
});
