/** How many bytes of a file's beginning are looked at. */
export const HEAD_BYTES = 4_096;

/** What attachments may be (protocol §2.2); configuration allows each type of message some of them. */
export const MEDIA_TYPES = [
  'application/pdf',
  'application/zip',
  'text/csv',
  'text/html',
  'text/plain',
  'text/xml',
  'application/vnd.oasis.opendocument.text',
  'application/vnd.oasis.opendocument.spreadsheet',
  'application/vnd.oasis.opendocument.presentation',
  'application/vnd.oasis.opendocument.graphics',
  'application/vnd.ms-excel',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  'application/vnd.ms-powerpoint',
  'application/vnd.openxmlformats-officedocument.presentationml.presentation',
  'application/msword',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
] as const;
export type MediaType = (typeof MEDIA_TYPES)[number];

/** The media type of a header: without parameters, in small letters; undefined when it is none that attachments may be. */
export function mediaTypeIn(header: string): MediaType | undefined {
  const name = header.split(';')[0]?.trim().toLowerCase();
  if (name === 'application/xml') return 'text/xml'; // the older name of the same
  return MEDIA_TYPES.find((type) => type === name);
}

/** Whether a file that begins so can be what it is said to be. Nothing is unpacked: what is in an archive is not looked at. */
export function looksLike(type: MediaType, head: Buffer): boolean {
  if (type === 'application/pdf') return head.subarray(0, 1_024).includes('%PDF-');
  if (type === 'application/zip') return isZip(head);
  if (type.startsWith('application/vnd.oasis.')) return isZip(head) && head.includes(`mimetype${type}`);
  if (type.startsWith('application/vnd.openxmlformats')) return isZip(head) && OFFICE_ENTRY.test(firstEntry(head));
  if (type.startsWith('application/')) return head.subarray(0, 8).equals(OLE);
  const text = textIn(head);
  if (text === undefined) return false;
  return type === 'text/xml' || type === 'text/html' ? text.trimStart().startsWith('<') : true;
}

// PDF, ZIP, older office files, programs of two systems, gzip, PNG, GIF, JPEG, RAR, 7z
const OTHER_KINDS = [
  ...[
    '255044462d',
    '504b0304',
    'd0cf11e0',
    '4d5a',
    '7f454c46',
    '1f8b',
    '89504e47',
    '47494638',
    'ffd8ff',
    '52617221',
    '377abc',
  ],
].map((hex) => Buffer.from(hex, 'hex'));
const OLE = Buffer.from('d0cf11e0a1b11ae1', 'hex');
const OFFICE_ENTRY = /^(\[Content_Types\]\.xml|_rels\/|docProps\/|customXml\/|word\/|xl\/|ppt\/)/;
const NAME_AT = 30; // of the first entry, in its local header

const isZip = (head: Buffer) => head.length > NAME_AT && head.readUInt32BE(0) === 0x504b0304;

function firstEntry(head: Buffer): string {
  return head.subarray(NAME_AT, NAME_AT + head.readUInt16LE(26)).toString('latin1');
}

/** The beginning as text; undefined when it is none: it has NUL characters that are not those of UTF-16, or begins as another kind of file. */
function textIn(head: Buffer): string | undefined {
  if (head.subarray(0, 2).equals(Buffer.from('fffe', 'hex'))) return head.subarray(2).toString('utf16le');
  if (head.includes(0) || OTHER_KINDS.some((sign) => head.subarray(0, sign.length).equals(sign))) return undefined;
  return head.toString('utf8').replace(/^\ufeff/, '');
}
