import { expect } from 'chai';
import { fieldsOf, writeFieldsOf } from '../../../../channels/sftp/fields.ts';
import { createSplitter, type Packet } from '../../../../channels/sftp/splitter.ts';
import { str, u32 } from '../../../support/sftp-client.ts';

const packet = (...parts: Buffer[]) => {
  const body = Buffer.concat(parts);
  return Buffer.concat([u32(body.length), body]);
};

const write = (data: Buffer) => packet(Buffer.from([6]), u32(11), str(u32(5)), u32(0), u32(7), str(data));

function inPieces(bytes: Buffer, size: number): Packet[] {
  const splitter = createSplitter();
  const packets: Packet[] = [];
  for (let at = 0; at < bytes.length; at += size) packets.push(...splitter.push(bytes.subarray(at, at + size)));
  return packets;
}

describe('SFTP packets', () => {
  it('are cut out of the stream wherever it is broken', () => {
    const bodies = [Buffer.from([1]), Buffer.from('second'), Buffer.alloc(1_000, 7)];
    const stream = Buffer.concat(bodies.map((body) => packet(body)));
    for (const size of [1, 2, 3, 5, 64, stream.length]) {
      const packets = inPieces(stream, size).map(({ pieces }) => Buffer.concat(pieces));
      expect(packets, `pieces of ${size}`).to.deep.equal(bodies);
    }
  });

  it('in the smallest pieces cost no object for each', () => {
    const [one] = inPieces(packet(Buffer.alloc(250_000, 7)), 1);
    expect(one!.pieces.length).to.be.below(100);
    expect(Buffer.concat(one!.pieces).equals(Buffer.alloc(250_000, 7))).to.equal(true);
    const mixed = createSplitter();
    const bytes = packet(Buffer.from(Array.from({ length: 200_000 }, (_, at) => at % 251)));
    const packets: Packet[] = [];
    for (let at = 0, size = 1; at < bytes.length; at += size, size = size === 1 ? 600 : 1) {
      packets.push(...mixed.push(bytes.subarray(at, at + size)));
    }
    expect(Buffer.concat(packets[0]!.pieces).equals(bytes.subarray(4))).to.equal(true);
    const held = new Set(packets[0]!.pieces.filter(({ length }) => length === 1).map(({ buffer }) => buffer));
    expect(held.size).to.be.below(4);
  });

  it('of an impossible length are refused', () => {
    for (const length of [0, 256 * 1024 + 1, 0xffff_ffff]) {
      expect(() => createSplitter().push(u32(length))).to.throw(/SFTP packet of/);
    }
  });

  it('with data are read without joining the pieces', () => {
    const data = Buffer.from('0123456789'.repeat(20));
    for (const size of [1, 7, 50, 100, 1_000]) {
      const [one] = inPieces(write(data), size);
      const { id, handle, offset, length, pieces } = writeFieldsOf(one!);
      expect({ id, handle, offset, length }).to.deep.equal({ id: 11, handle: u32(5), offset: 7, length: 200 });
      expect(Buffer.concat(pieces)).to.deep.equal(data);
    }
  });

  it('that end too early are refused at the field that is missing', () => {
    const fields = fieldsOf({ pieces: [Buffer.from([3, 0, 0])], length: 3 });
    expect(fields.byte()).to.equal(3);
    expect(() => fields.uint32()).to.throw(/too early/);
    expect(() => fieldsOf({ pieces: [u32(10)], length: 4 }).string()).to.throw(/too early/);
  });

  it('carry attributes, of which size and time are kept', () => {
    const all = Buffer.concat([
      u32(0x8000_000f),
      u32(1),
      u32(2),
      u32(0),
      u32(0),
      u32(0o644),
      u32(3),
      u32(4),
      u32(1),
      str('a'),
      str('b'),
    ]);
    const fields = fieldsOf({ pieces: [all], length: all.length });
    expect(fields.attributes()).to.deep.equal({ size: 2 ** 32 + 2, modified: 4 });
    expect(fields.rest()).to.have.lengthOf(0);
  });
});
