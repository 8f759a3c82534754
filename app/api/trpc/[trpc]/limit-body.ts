import superjson from "superjson";

/** The request with its body read, or the refusal of one that is too large, in tRPC's form; it reads no more than the limit. */
export async function limitBody(request: Request, maxBytes: number): Promise<Request | Response> {
  if (!request.body) return request;
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = request.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.byteLength;
    if (size > maxBytes) {
      await reader.cancel();
      return tooLarge(maxBytes);
    }
    chunks.push(value);
  }
  return new Request(request.url, {
    method: request.method,
    headers: request.headers,
    body: Buffer.concat(chunks),
    signal: request.signal,
  });
}

function tooLarge(maxBytes: number): Response {
  const error = superjson.serialize({
    message: `This is too large: at most ${maxBytes / 1024 / 1024} MiB can be sent at once.`,
    code: -32013,
    data: { code: "PAYLOAD_TOO_LARGE", httpStatus: 413 },
  });
  // The rest of the body is not read, so nothing else can follow on this connection.
  return Response.json({ error }, { status: 413, headers: { connection: "close" } });
}
