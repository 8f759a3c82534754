/**
 * What the console's long lists cost: the first page, a far page by key, a search of three letters and a filter of each,
 * asked of the procedures as an admin does, in turns with the bare SQL that finds the same rows and counts them as far as
 * the list does. In a tenant of 100,000 accounts and as many devices, with a session of each account.
 */
import { Client } from "pg";
import { callAs, createGatewayRow, createMember, createPlan, createUser } from "../e2e/support/principals";
import { largeNetwork, seedLarge, sizeOf } from "../prisma/seed/large";
import { takeYourTime } from "../server/core/db";
import { countedAtMost } from "../server/core/listing";
import { median, percentile, type Report, round } from "./report";
import { createScratchDatabase } from "./scratch-database";

/** Fewer, to see that the bench runs. */
const accounts = Number(process.env.BENCH_ACCOUNTS ?? 100_000);
/** Of the sessions; the others have ended. */
const live = accounts / 5;
const rounds = 30;
const farPage = Math.max(1, Math.floor(accounts / 100));

interface ListInput {
  page?: number;
  after?: string;
  search?: string;
}

interface List {
  name: string;
  ask: (input: ListInput & Record<string, unknown>) => Promise<{ rows: unknown[]; last?: string }>;
  table: string;
  by: string;
  type: string;
  isNewestFirst?: boolean;
  /** What is searched for, and what finds it. */
  search: [string, string];
  filter: [Record<string, unknown>, string];
}

export async function consoleLists(): Promise<Report> {
  const database = await createScratchDatabase();
  const owner = new Client({ connectionString: database.ownerUrl });
  try {
    await owner.connect();
    takeYourTime();
    const rows: Report["rows"] = [];
    // The page that is furthest from its floor: a sum would hide it.
    let worst = { value: 0, floor: 1 };
    for (const list of listsOf(await fill(owner))) {
      for (const { page, input, where, parameters } of await pagesOf(list)) {
        const [procedure, bare]: [number[], number[]] = [[], []];
        for (let n = 0; n <= rounds; n++) {
          procedure.push(await time(() => list.ask(input)));
          bare.push(await time(() => sqlOf(owner, list, where, parameters)));
        }
        // The first of each fills caches.
        const [ours, theirs] = [procedure.slice(1), bare.slice(1)];
        const measured = { value: median(ours), floor: median(theirs) };
        if (measured.value / measured.floor > worst.value / worst.floor) worst = measured;
        rows.push({
          list: list.name,
          page,
          "p50 ms": round(measured.value),
          "p95 ms": round(percentile(ours, 95)),
          "SQL p50 ms": round(measured.floor),
          ratio: round(measured.value / measured.floor),
        });
      }
    }
    const reach = "at most 3, and no p95 over 300 ms";
    return { unit: "ms (p50, worst page)", ...worst, ratio: worst.value / worst.floor, reach, rows };
  } finally {
    await owner.end();
    await database.destroy();
  }
}

async function time(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

type Filled = Awaited<ReturnType<typeof fill>>;

/** The large tenant, and sessions that no gateway tells of. */
async function fill(owner: Client) {
  const staff = await createUser("administrator");
  const plan = await createPlan({ maxAccounts: accounts, maxDevices: accounts });
  const { tenantId } = await callAs(staff).tenants.create({
    name: "Large",
    slug: "large",
    planId: plan.id,
    networks: [largeNetwork],
    admin: { email: "admin@large.test" },
  });
  await seedLarge(tenantId, sizeOf(accounts));
  const gateway = await createGatewayRow();
  await owner.query(
    `INSERT INTO sessions (tenant_id, id, connected_at, gateway_id, account_id, process, process_boot, client_id, real_address,
      vpn_address, fingerprint, bytes_at, disconnected_at)
    SELECT tenant_id, gen_random_uuid(), now() - n * interval '1 ms', $2, id, 'udp-0', 'boot', n, '192.0.2.1:' || n % 60000,
      address, '', now(), CASE WHEN n > $3 THEN now() END
    FROM (SELECT *, row_number() OVER (ORDER BY id) AS n FROM accounts WHERE tenant_id = $1) AS numbered`,
    [tenantId, gateway.id, live],
  );
  await owner.query("ANALYZE");
  const { rows } = await owner.query<{ policy: string; group: string }>(
    `SELECT (SELECT id FROM policies WHERE tenant_id = $1 LIMIT 1) AS policy,
      (SELECT id FROM device_groups WHERE tenant_id = $1 LIMIT 1) AS group`,
    [tenantId],
  );
  return { tenantId, staff, admin: await createMember(tenantId, "admin"), ...rows[0]! };
}

function listsOf({ tenantId, staff, admin, policy, group }: Filled): List[] {
  const [caller, operator] = [callAs(admin), callAs(staff)];
  const has = (search: string) => `search LIKE ALL (search_patterns('${search}'))`;
  const tenant = `tenant_id = '${tenantId}'`;
  const ofNamed = `account_id IN (SELECT id FROM accounts WHERE ${tenant} AND ${has("web")})`;
  return [
    {
      name: "accounts",
      ask: (input) => caller.accounts.list({ tenantId, ...input }),
      table: `accounts WHERE ${tenant}`,
      ...{ by: "name", type: "text" },
      search: ["web", has("web")],
      filter: [{ policyId: policy }, `id IN (SELECT account_id FROM policy_accounts WHERE policy_id = '${policy}')`],
    },
    {
      name: "devices",
      ask: (input) => caller.devices.list({ tenantId, ...input }),
      table: `devices WHERE ${tenant}`,
      ...{ by: "name", type: "text" },
      search: ["777", has("777")],
      filter: [{ groupId: group }, `id IN (SELECT device_id FROM device_group_members WHERE group_id = '${group}')`],
    },
    {
      name: "sessions",
      ask: (input) => caller.sessions.list({ tenantId, ...input }),
      table: `sessions WHERE ${tenant}`,
      ...{ by: "connected_at", type: "timestamptz", isNewestFirst: true },
      search: ["web", ofNamed],
      filter: [{ live: true }, "disconnected_at IS NULL"],
    },
    {
      name: "live",
      ask: (input) => operator.live.list(input),
      table: "sessions WHERE disconnected_at IS NULL",
      ...{ by: "connected_at", type: "timestamptz", isNewestFirst: true },
      search: ["web", ofNamed],
      filter: [{ tenantId }, tenant],
    },
  ];
}

async function pagesOf({ ask, by, type, isNewestFirst, search, filter }: List) {
  const { last } = await ask({ page: Math.min(farPage, live / 100) });
  if (!last) throw new Error("This list does not page by key.");
  const operator = isNewestFirst ? "<" : ">";
  return [
    { page: "first", input: {}, where: "true", parameters: [] },
    {
      page: "far",
      input: { after: last },
      where: `(${by}, id) ${operator} ($1::${type}, $2::uuid)`,
      parameters: [last.slice(36), last.slice(0, 36)],
    },
    { page: "search", input: { search: search[0] }, where: search[1], parameters: [] },
    { page: "filter", input: filter[0], where: filter[1], parameters: [] },
  ];
}

async function sqlOf(owner: Client, { table, by, isNewestFirst }: List, where: string, parameters: string[]) {
  const order = isNewestFirst ? "DESC" : "ASC";
  await owner.query(`SELECT * FROM ${table} AND ${where} ORDER BY ${by} ${order}, id ${order} LIMIT 50`, parameters);
  // The list counts what is before and after the page, too.
  const counted = parameters.length > 0 ? "true" : where;
  await owner.query(
    `SELECT count(*) FROM (SELECT FROM ${table} AND ${counted} LIMIT ${countedAtMost + 1}) AS matching`,
  );
}
