/** Errors from tRPC carry a message for people, and the field that it is about. */
export function readServerError(error: unknown): { field?: string; message: string } {
  if (typeof error !== "object" || error === null) return { message: unexplained };
  const { message, data } = error as { message?: unknown; data?: { field?: unknown } };
  const field = typeof data?.field === "string" ? data.field : undefined;
  if (typeof message !== "string" || message === "") return { field, message: unexplained };
  return {
    field,
    message: unreachable.test(message) ? "Drawbridge cannot be reached. Check your connection and try again." : message,
  };
}

const unexplained = "Something went wrong on our side. Try again; if it stays, tell support.";

/** What browsers say, each in its own words, when a request got no answer. */
const unreachable = /^(Failed to fetch|Load failed|NetworkError when attempting to fetch resource\.?)$/;
