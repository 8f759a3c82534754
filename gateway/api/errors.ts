import { EnrolmentError } from "../state/identity";

/** What the control plane is told; the cause stays in the log. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

const statuses = { token_expired: 403, proof_wrong: 403, already_enrolled: 409, certificate_wrong: 400 } as const;

/** An identity's objection, as the API says it. */
export function rethrow(error: unknown): never {
  if (error instanceof EnrolmentError) throw new ApiError(statuses[error.code], error.code, error.message);
  throw error;
}
