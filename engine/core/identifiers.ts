import { randomBytes } from 'node:crypto';

/** True for a KBO/BCE number of ten digits with the right check digits (protocol §5.1). */
export function isEnterpriseNumber(text: string): boolean {
  if (!/^[01]\d{9}$/.test(text)) return false;
  return 97 - (Number(text.slice(0, 8)) % 97) === Number(text.slice(8));
}

/** True for an INSS (national register or bis number) of eleven digits with the right check digits, born in either century (protocol §5.2, §5.3). */
export function isInss(text: string): boolean {
  if (!/^\d{11}$/.test(text)) return false;
  const radix = Number(text.slice(0, 9));
  const check = Number(text.slice(9));
  return 97 - (radix % 97) === check || 97 - ((2_000_000_000 + radix) % 97) === check;
}

/** True for an NSSO employer number, provisional ones included, leading zeros allowed (protocol §5.4). */
export function isNssoNumber(text: string): boolean {
  if (!/^\d{3,10}$/.test(text)) return false;
  const value = Number(text);
  if (value < 197 || value > 5_999_999_999) return false;
  if (value > 999_999_999 && value < 5_000_000_000) return false;
  const radix = Math.floor(value / 100);
  return (96 - ((radix * 100) % 97) || 97) === value % 100;
}

/** True for an employer number of a local authority (PLA/PPL; protocol §5.4). */
export function isLocalAuthorityNumber(text: string): boolean {
  if (!/^\d{3,8}$/.test(text)) return false;
  const value = Number(text);
  if (value > 99_999_926) return false;
  return (Math.floor(value / 100) % 97 || 97) === value % 100;
}

/** The ten-digit form of an enterprise number; older nine-digit numbers get their leading zero (protocol §5.1). */
export function padEnterpriseNumber(text: string): string {
  return text.padStart(10, '0');
}

const TICKET_ALPHABET = '0123456789ABCDEFGHJKLMNPQRSTUVWXYZ';

/** A new ticket: 13 upper-case letters and digits (protocol §5.5), random, so that nobody can guess another's. */
export function newTicket(): string {
  return Array.from(randomBytes(13), (byte) => TICKET_ALPHABET[byte % TICKET_ALPHABET.length]).join('');
}
