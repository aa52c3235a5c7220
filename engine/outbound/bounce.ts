/** A mail that came back, as the mail server tells of it. */
export interface Bounce {
  /** The delivery. */
  readonly id: string;
  /** For people, at most 200 characters on one line. */
  readonly answer: string;
}

const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const LONGEST = 200;

/**
 * Reads a delivery status notification (RFC 3464) for good: which delivery failed, by the envelope id that was given with it or by the
 * Message-ID of what came back. Of anything else, and of a mere delay, it is undefined. The id cannot be guessed, so a forged
 * notification is of no use to who has not got the mail.
 */
export function readBounce(text: string): Bounce | undefined {
  const status = text.split(/^Content-Type:\s*message\/delivery-status\b/im)[1]?.split(/^--/m)[0] ?? '';
  if (fieldOf(status, 'Action')?.toLowerCase() !== 'failed') return undefined;
  const id = idIn(fieldOf(status, 'Original-Envelope-Id')) ?? idIn(fieldOf(text, 'Message-ID', true));
  if (id === undefined) return undefined;
  const said = [fieldOf(status, 'Status'), fieldOf(status, 'Diagnostic-Code')].filter(Boolean).join(' ');
  return { id, answer: said.replace(/[\p{Cc}\s]+/gu, ' ').slice(0, LONGEST) || 'bounced' };
}

/** A header field, unfolded: the first of this name, or the last, which is that of what came back. */
function fieldOf(text: string, name: string, last = false): string | undefined {
  const found = [...text.matchAll(new RegExp(`^${name}:[ \\t]*(.*(?:\\r?\\n[ \\t]+.*)*)`, 'gim'))];
  return (last ? found.at(-1) : found[0])?.[1]?.replace(/\r?\n[ \t]+/g, ' ').trim();
}

const idIn = (text = ''): string | undefined => new RegExp(UUID).exec(text.toLowerCase())?.[0];
