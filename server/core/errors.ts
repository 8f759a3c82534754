/**
 * An error that a person may meet: a code for machines, a message that says what happened and how to mend it, the field
 * it concerns, and a cause for the log only.
 */
export type ErrorCode =
  | "invalid"
  | "unauthenticated"
  | "forbidden"
  | "not_found"
  | "conflict"
  | "limit"
  | "too_many"
  | "unavailable";

export class AppError extends Error {
  override name = "AppError";
  readonly code: ErrorCode;
  readonly field: string | undefined;

  constructor(code: ErrorCode, message: string, options: { field?: string; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.code = code;
    this.field = options.field;
  }
}

export const invalid = (field: string, message: string) => new AppError("invalid", message, { field });
/** Also for what exists but belongs to somebody else: existence is a secret. */
export const notFound = (what: string) => new AppError("not_found", `There is no such ${what}.`);
export const conflict = (field: string, message: string) => new AppError("conflict", message, { field });
export const forbidden = (message: string) => new AppError("forbidden", message);
export const revoked = (reason: string | null | undefined) =>
  forbidden(reason ? `Your access was revoked: ${reason}` : "Your access was revoked. Ask your administrator.");

/** The PostgreSQL error code (e.g. `23505`) behind a Prisma error, if it is one. */
function databaseCode(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const { code, meta, cause } = error as {
    code?: unknown;
    meta?: { code?: unknown; driverAdapterError?: unknown };
    cause?: unknown;
  };
  if (code === "P2002") return "23505";
  if (code === "P2003") return "23503";
  if (typeof meta?.code === "string") return meta.code;
  const adapter = (meta?.driverAdapterError ?? cause) as
    | { cause?: { originalCode?: unknown; code?: unknown } }
    | undefined;
  const original = adapter?.cause?.originalCode ?? adapter?.cause?.code;
  if (typeof original === "string") return original;
  return typeof code === "string" && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

export const isUniqueViolation = (error: unknown) => databaseCode(error) === "23505";
