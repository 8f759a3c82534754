import { findDatabaseTrouble } from "@/server/core/health";
import { appLog } from "@/server/core/log";

export const dynamic = "force-dynamic";

/** Anybody may ask, so those who ask at once share one question to the database. */
let asking: Promise<string | null> | undefined;

/** For load balancers: 200 while the database answers, else 503. What is wrong with it is in the log, for anybody may ask. */
export async function GET(): Promise<Response> {
  asking ??= findDatabaseTrouble().finally(() => {
    asking = undefined;
  });
  const trouble = await asking;
  if (!trouble) return Response.json({ status: "ready" });
  appLog().warn({ trouble }, "not ready");
  return Response.json({ status: "not ready", reasons: ["the database does not answer"] }, { status: 503 });
}
