import { createReadStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { expect } from 'chai';
import { fromBuffer } from 'yauzl';
import { packedZip } from '../../../engine/store/packed-zip.ts';
import { zipped } from '../../../engine/store/zip.ts';
import { eventually } from '../../support/eventually.ts';

const DATE = new Date('2026-11-26T10:00:00Z');

describe('ZIP of stored files', () => {
  let dir: string;

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'bode-zip-'));
    await writeFile(join(dir, 'there'), 'content');
  });
  after(() => rm(dir, { recursive: true }));

  const entry = (file: string, opened: Readable[] = []) => ({
    name: file,
    date: DATE,
    open: async () => {
      const stream = createReadStream(join(dir, file));
      opened.push(stream);
      return stream;
    },
  });

  it('has the files in their order, and comes out the same when it is made again', async () => {
    for (const packing of ['stored', 'packed'] as const) {
      const files = [entry('there'), { ...entry('there'), name: 'again' }];
      const [one, two] = await Promise.all([read(zipped(files, packing)), read(zipped(files, packing))]);
      expect(await namesIn(one)).to.deep.equal(['there', 'again']);
      expect(one.equals(two)).to.equal(true);
    }
  });

  it('is the same of content in memory as of a stream in whatever pieces, where it is packed', async () => {
    const content = Buffer.from(
      Array.from({ length: 20_000 }, (_, line) => `line ${line} ${Math.sin(line)}\n`).join(''),
    );
    const inPieces = (size: number) =>
      Array.from({ length: Math.ceil(content.length / size) }, (_, at) => content.subarray(at * size, (at + 1) * size));
    const ways = [
      content,
      ...[1 << 20, 1 << 16, 1_000].map((size) => Readable.from(inPieces(size), { objectMode: false })),
    ];
    const made = await Promise.all(
      ways.map((way) => read(zipped([{ name: 'list', date: DATE, open: async () => way }], 'packed'))),
    );
    expect(made.map((one) => one.equals(made[0] as Buffer))).to.deep.equal([true, true, true, true]);
  });

  it('is the same byte for byte when it is made of files in memory alone', async () => {
    const content = Buffer.from(
      Array.from({ length: 30_000 }, (_, line) => `<Line>${line} ${line % 7}</Line>\n`).join(''),
    );
    const dates = ['1979-01-01T00:00:00Z', '2026-11-27T23:59:59.900Z', '2043-12-31T23:59:59Z', '2044-01-01T00:00:00Z'];
    for (const date of dates.map((text) => new Date(text))) {
      const files = [
        { name: 'list.csv', date, bytes: content },
        { name: 'leer-é.txt', date, bytes: Buffer.alloc(0) },
        { name: 'one', date, bytes: Buffer.from([0xff]) },
      ];
      const streamed = await read(
        zipped(
          files.map(({ bytes, ...file }) => ({ ...file, open: async () => bytes })),
          'packed',
        ),
      );
      expect((await packedZip(files)).equals(streamed)).to.equal(true);
    }
  });

  it('fails for its reader when a file is not there, and closes the others', async () => {
    const opened: Readable[] = [];
    const archive = zipped([entry('there', opened), entry('missing', opened), entry('there', opened)], 'stored');
    expect(await read(archive).catch((error: unknown) => error)).to.include({ code: 'ENOENT' });
    expect(opened.map(({ destroyed }) => destroyed)).to.deep.equal([true, true]);
  });

  it('closes what is open when its reader leaves', async () => {
    const endless = new PassThrough();
    const archive = zipped([{ name: 'endless', date: DATE, open: async () => endless }, entry('there')], 'stored');
    archive.resume();
    endless.write('begun');
    await eventually(async () => expect(endless.readableFlowing).to.equal(true));
    archive.destroy();
    await eventually(async () => expect(endless.destroyed).to.equal(true));
  });
});

async function read(content: Readable): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of content) pieces.push(piece);
  return Buffer.concat(pieces);
}

function namesIn(bytes: Buffer): Promise<string[]> {
  return new Promise((resolve, reject) => {
    fromBuffer(bytes, { lazyEntries: false }, (error, zip) => {
      if (error) return reject(error);
      const names: string[] = [];
      zip.on('entry', ({ fileName }) => names.push(fileName));
      zip.on('end', () => resolve(names));
    });
  });
}
