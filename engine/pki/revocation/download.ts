import { messageOf } from '../../core/errors.ts';

/** How much is taken from a server that tells of revocations, and how long it may take. */
export interface DownloadLimits {
  readonly withinMs: number;
  readonly maxBytes: number;
}

/** Octets, or the sentence that says why there are none. */
export type Downloaded = { readonly bytes: Buffer } | { readonly fault: string };

/** Gets an http or https URL, or posts to it when there is a body. Follows no redirection; never rejects. */
export type Download = (url: string, body?: { readonly bytes: Buffer; readonly type: string }) => Promise<Downloaded>;

/** Downloads within limits. */
export function createDownload({ withinMs, maxBytes }: DownloadLimits): Download {
  return async (url, body) => {
    const signal = AbortSignal.timeout(withinMs);
    const post = body && { method: 'POST', headers: { 'content-type': body.type }, body: new Uint8Array(body.bytes) };
    try {
      const response = await fetch(url, { ...post, redirect: 'error', signal });
      if (response.status !== 200) return { fault: `${placeOf(url)} answered with status ${response.status}` };
      return await bytesOf(response, maxBytes, url);
    } catch (error) {
      return { fault: `${placeOf(url)} did not answer: ${reasonOf(error, withinMs)}` };
    }
  };
}

async function bytesOf(response: Response, maxBytes: number, url: string): Promise<Downloaded> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.length;
    if (size > maxBytes) return { fault: `${placeOf(url)} answered with more than ${maxBytes} bytes` };
    parts.push(part);
  }
  return { bytes: Buffer.concat(parts) };
}

/** The place of a URL for people: no query, no user. */
function placeOf(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}

function reasonOf(error: unknown, withinMs: number): string {
  if (error instanceof Error && error.name === 'TimeoutError') return `not within ${withinMs} ms`;
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof Error && 'code' in cause) return String(cause.code);
  return cause instanceof Error ? cause.message : messageOf(error);
}
