import type { Config } from '../config/load.ts';
import { createCrlFiles } from '../engine/pki/revocation/crl-files.ts';
import { createCrlServers } from '../engine/pki/revocation/crl-servers.ts';
import { createDownload } from '../engine/pki/revocation/download.ts';
import { createOcspClient } from '../engine/pki/revocation/ocsp-client.ts';
import { type CheckRevocation, createRevocation } from '../engine/pki/revocation/revocation.ts';
import type { Trust } from '../engine/pki/trust.ts';

const ANSWER_BYTES = 65_536; // of an OCSP responder: one certificate, one status, a few certificates

/** Who is asked about revocation, as configured; what it learns is kept in this process. */
export function openRevocation({ revocation }: Config['trust'], trust: Trust): CheckRevocation {
  const { crls, crlUrls: urls, ocspUrl: url, followHosts, nonce, crlBytes: maxBytes } = revocation;
  const { answerWithin: withinMs, askAgain: askAgainMs } = revocation;
  const mayFollow = (named: string) => URL.canParse(named) && followHosts.includes(new URL(named).host);
  const files = crls.length > 0 ? [createCrlFiles(crls, maxBytes)] : [];
  const isFetching = urls.length > 0 || followHosts.length > 0;
  const download = createDownload({ withinMs, maxBytes });
  const servers = isFetching ? [createCrlServers({ urls, mayFollow, download, askAgainMs })] : [];
  return createRevocation({
    trust,
    lists: [...files, ...servers],
    askResponder: createOcspClient({
      ...{ url, mayFollow, askAgainMs, nonceRequired: nonce === 'required' },
      download: createDownload({ withinMs, maxBytes: ANSWER_BYTES }),
    }),
    // a responder that does not answer leaves time for a list
    withinMs: 3 * withinMs,
  });
}
