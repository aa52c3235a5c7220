/** An attachment that is to be in a ZIP. */
export interface Named {
  /** YYYY-MM-DD. */
  readonly day: string;
  /** Of the message. */
  readonly id: string;
  readonly fileName: string;
}

const MOST_BYTES = 200; // file systems take 255 of a name

/** Names in a ZIP: a folder for each message; none twice (whatever the case), none that leads out of a folder or that a system cannot write. */
export function zipNames(attachments: readonly Named[]): string[] {
  const taken = new Set<string>();
  return attachments.map(({ day, id, fileName }) => {
    const folder = `${day}-${id.replace(/[^A-Za-z0-9-]/g, '_')}`;
    const name = unique(folder, safe(fileName), taken);
    taken.add(name.toLowerCase());
    return name;
  });
}

function unique(folder: string, fileName: string, taken: ReadonlySet<string>): string {
  const dot = fileName.lastIndexOf('.');
  const [stem, extension] = dot > 0 ? [fileName.slice(0, dot), fileName.slice(dot)] : [fileName, ''];
  for (let count = 1; ; count += 1) {
    const name = `${folder}/${count === 1 ? fileName : `${stem} (${count})${extension}`}`;
    if (!taken.has(name.toLowerCase())) return name;
  }
}

const DEVICES = /^(con|prn|aux|nul|com\d|lpt\d)(?=\.|$)/i;

function safe(fileName: string): string {
  const plain = fileName
    .replace(/\p{Cs}/gu, '_')
    .normalize('NFC')
    .replace(/[\p{Cc}\p{Cf}<>:"/\\|?*]/gu, '_')
    .replace(/^\.+/, '_')
    .replace(/[. ]+$/, '')
    .replace(DEVICES, '_$1');
  return plain === '' ? 'attachment' : shortened(plain);
}

/** Cut before its extension, and not within a character. */
function shortened(name: string): string {
  if (Buffer.byteLength(name) <= MOST_BYTES) return name;
  const extension = /\.[A-Za-z0-9]{1,8}$/.exec(name)?.[0] ?? '';
  const characters = [...name.slice(0, name.length - extension.length)];
  let bytes = Buffer.byteLength(extension);
  const kept = characters.findIndex((character) => {
    bytes += Buffer.byteLength(character);
    return bytes > MOST_BYTES;
  });
  return characters.slice(0, kept).join('') + extension;
}
