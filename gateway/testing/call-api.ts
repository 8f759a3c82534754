import { Agent, request } from "node:https";
import type { TLSSocket } from "node:tls";

export interface Answer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it by name
  body: any;
  /** DER of the certificate that the gateway showed. */
  peer: Buffer;
}

export interface Caller {
  ca?: string;
  certificate?: string;
  key?: string;
}

/** One call, as the control plane makes it. A string body goes as it is. Rejects where TLS does not come about. */
export function callApi(
  url: string,
  method: string,
  body: unknown,
  caller: Caller,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const text = body === undefined ? "" : typeof body === "string" ? body : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const call = request(
      url,
      {
        method,
        agent: new Agent({ keepAlive: false }),
        ca: caller.ca,
        cert: caller.certificate,
        key: caller.key,
        rejectUnauthorized: caller.ca !== undefined,
        // The subject is checked against the gateway's id, not against a host name.
        checkServerIdentity: () => undefined,
        headers: { ...headers, "content-length": Buffer.byteLength(text) },
      },
      (response) => {
        const peer = (response.socket as TLSSocket).getPeerCertificate().raw;
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const content = Buffer.concat(chunks).toString();
          resolve({ status: response.statusCode ?? 0, body: content === "" ? null : JSON.parse(content), peer });
        });
      },
    );
    call.on("error", reject);
    call.end(text);
  });
}
