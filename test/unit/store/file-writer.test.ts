import { expect } from 'chai';
import { createFileWriter, type WritableFile } from '../../../engine/store/file-writer.ts';

/** A disk that a test holds back, and that may take only a part of what it is given. */
function slowDisk(takes = Number.POSITIVE_INFINITY) {
  const content = Buffer.alloc(1_000);
  const calls: number[] = [];
  let gate = Promise.resolve();
  let open = () => {};
  let failure: Error | undefined;
  let syncs = 0;

  const put = (bytes: Buffer, position: number) => {
    bytes.copy(content, position);
    return bytes.length;
  };
  const file = {
    async writev(buffers: Buffer[], position: number) {
      calls.push(buffers.length);
      await gate;
      if (failure) throw failure;
      const bytesWritten = put(Buffer.concat(buffers).subarray(0, takes), position);
      return { bytesWritten, buffers };
    },
    async write(buffer: Buffer, offset: number, length: number, position: number) {
      const bytesWritten = put(buffer.subarray(offset, offset + Math.min(length, takes)), position);
      return { bytesWritten, buffer };
    },
    async datasync() {
      syncs += 1;
    },
  };
  return {
    file: file as unknown as WritableFile,
    content,
    calls,
    syncs: () => syncs,
    hold() {
      gate = new Promise((resolve) => {
        open = resolve;
      });
    },
    release: () => open(),
    fail(error: Error) {
      failure = error;
    },
  };
}

const settled = async (promise: Promise<unknown>) => {
  let done = false;
  void promise.then(() => {
    done = true;
  });
  for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
  return done;
};

describe('createFileWriter', () => {
  const options = { bufferBytes: 30, syncEvery: 1_000 };
  const ten = (letter: string) => Buffer.alloc(10, letter);

  it('puts the pieces of one turn into the file with one call, and a gap starts another', async () => {
    const disk = slowDisk();
    const writer = createFileWriter(disk.file, { ...options, bufferBytes: 1_000 });
    for (const [at, letter] of ['a', 'b', 'c'].entries()) void writer.write(at * 10, ten(letter));
    void writer.write(100, ten('d'));
    await writer.flush();
    expect(disk.calls).to.deep.equal([3, 1]);
    expect(disk.content.toString('latin1', 0, 110)).to.equal(
      `${'a'.repeat(10)}${'b'.repeat(10)}${'c'.repeat(10)}${'\0'.repeat(70)}${'d'.repeat(10)}`,
    );
  });

  it('says wait when its buffer is full, and go on when the disk has taken it', async () => {
    const disk = slowDisk();
    disk.hold();
    const writer = createFileWriter(disk.file, options);
    expect(await settled(writer.write(0, ten('a')))).to.equal(true);
    expect(await settled(writer.write(10, ten('b')))).to.equal(true);
    const full = writer.write(20, ten('c'));
    expect(await settled(full)).to.equal(false);
    disk.release();
    await full;
    expect(await settled(writer.write(30, ten('d')))).to.equal(true);
    await writer.flush();
  });

  it('goes on when the disk takes only a part', async () => {
    const disk = slowDisk(7);
    const writer = createFileWriter(disk.file, options);
    void writer.write(0, ten('a'));
    void writer.write(10, ten('b'));
    await writer.flush();
    expect(disk.content.toString('latin1', 0, 20)).to.equal(`${'a'.repeat(10)}${'b'.repeat(10)}`);
  });

  it('tells of a failed write at the next one and at the end', async () => {
    const disk = slowDisk();
    disk.fail(new Error('no space left'));
    const writer = createFileWriter(disk.file, options);
    await writer.write(0, ten('a'));
    for (const action of [() => writer.flush(), () => writer.write(10, ten('b')), () => writer.flush()]) {
      expect(await action().catch((error: Error) => error.message)).to.equal('no space left');
    }
  });

  it('asks the disk to begin storing in time, and tells what was written in order', async () => {
    const disk = slowDisk();
    const seen: [number, number][] = [];
    const onWritten = (offset: number, length: number) => void seen.push([offset, length]);
    const writer = createFileWriter(disk.file, { bufferBytes: 1, syncEvery: 20, onWritten });
    for (const [at, letter] of [...'abcd'].entries()) await writer.write(at * 10, ten(letter));
    await writer.flush();
    expect(disk.syncs()).to.equal(2);
    expect(seen).to.deep.equal([
      [0, 10],
      [10, 10],
      [20, 10],
      [30, 10],
    ]);
  });
});
