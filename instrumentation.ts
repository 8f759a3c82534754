/** Run by Next as the app's process starts, before its first request. */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME !== "nodejs") return;
  const { guardRequests } = await import("./server/core/incoming");
  guardRequests();
}
