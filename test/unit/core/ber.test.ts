import { expect } from 'chai';
import { contentOf, rawOf, readBer, readDer } from '../../../engine/core/ber.ts';
import { der, derOf, oidHex, sequence, setOf, TAG, time, timeOf } from '../../../engine/core/der.ts';
import { EngineError } from '../../../engine/core/errors.ts';

const bytes = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex');

describe('readBer', () => {
  it('gives tag, content and children of definite lengths', () => {
    const node = readBer(bytes('30 06 02 01 05 04 01 ff'));
    expect(node.tag).to.equal(TAG.sequence);
    expect(node.children.map(({ tag }) => tag)).to.deep.equal([TAG.integer, TAG.octetString]);
    expect(contentOf(node.children[1]!)).to.deep.equal(bytes('ff'));
    expect(rawOf(node.children[0]!)).to.deep.equal(bytes('02 01 05'));
  });

  it('reads indefinite lengths, one in the other', () => {
    const node = readBer(bytes('30 80 30 80 05 00 00 00 02 01 01 00 00'));
    expect(node.children.map(({ children }) => children.length)).to.deep.equal([1, 0]);
    expect(contentOf(node)).to.deep.equal(bytes('30 80 05 00 00 00 02 01 01'));
  });

  it('takes a long length with leading zeros, which DER forbids', () => {
    const long = bytes('04 83 00 00 01 aa');
    expect(contentOf(readBer(long))).to.deep.equal(bytes('aa'));
    expect(() => readDer(long)).to.throw(EngineError, 'not the shortest');
    expect(() => readDer(bytes('30 80 00 00'))).to.throw(EngineError, 'indefinite');
  });

  const refused: readonly (readonly [string, string, RegExp])[] = [
    ['nothing', '', /too early/],
    ['a header without length', '30', /too early/],
    ['a length that is cut', '30 82 01', /too early/],
    ['content that is cut', '04 02 00', /longer than/],
    ['a child longer than its parent', '30 03 04 05 00', /longer than/],
    ['a second element', '05 00 05 00', /after the end/],
    ['a length of five octets', '04 85 00 00 00 00 00', /four octets/],
    ['the reserved length', '04 ff', /four octets/],
    ['a primitive element of indefinite length', '04 80 00 00', /primitive/],
    ['an indefinite length without an end', '30 80 05 00', /too early/],
    ['a damaged end-of-contents', '30 80 00 01', /damaged/],
    ['an end-of-contents in a definite element', '30 02 00 00', /end-of-contents/],
    ['a high tag number', '1f 81 01 00', /above 30/],
  ];
  for (const [name, hex, sentence] of refused) {
    it(`refuses ${name}`, () => expect(() => readBer(bytes(hex))).to.throw(EngineError, sentence));
  }

  it('stops at the depth and at the number of elements it was given', () => {
    const deep = bytes('30 04 30 02 30 00');
    expect(readBer(deep, { depth: 3 }).children).to.have.length(1);
    expect(() => readBer(deep, { depth: 2 })).to.throw(EngineError, 'too deeply');
    expect(() => readBer(deep, { elements: 2 })).to.throw(EngineError, 'too many');
  });
});

describe('der', () => {
  it('writes the shortest length at every size', () => {
    for (const size of [0, 1, 127, 128, 255, 256, 65_535, 65_536]) {
      const encoded = der(TAG.octetString, Buffer.alloc(size));
      expect(contentOf(readDer(encoded))).to.have.length(size);
    }
  });

  it('sorts a SET OF by its octets', () => {
    const [long, short] = [sequence(der(TAG.null)), der(TAG.integer, Buffer.from([7]))];
    expect(setOf([long, short])).to.deep.equal(der(TAG.set, short, long));
  });

  it('writes object identifiers as X.690 does', () => {
    expect(oidHex('1.2.840.113549.1.7.2')).to.equal('2a864886f70d010702');
    expect(oidHex('2.5.29.15')).to.equal('551d0f');
    expect(oidHex('2.16.840.1.101.3.4.2.1')).to.equal('608648016503040201');
  });

  it('gives the DER of a BER element, order kept', () => {
    expect(derOf(readBer(bytes('31 80 02 81 01 05 30 80 05 00 00 00 00 00')))).to.deep.equal(
      bytes('31 07 02 01 05 30 02 05 00'),
    );
  });

  it('writes and reads times to the second, on both sides of 2050', () => {
    for (const text of ['1999-12-31T23:59:59.000Z', '2026-06-01T12:00:00.000Z', '2051-02-28T00:00:01.000Z']) {
      expect(timeOf(readDer(time(new Date(text)))).toISOString()).to.equal(text);
    }
    expect(time(new Date('2049-01-01T00:00:00Z'))[0]).to.equal(TAG.utcTime);
    expect(time(new Date('2050-01-01T00:00:00Z'))[0]).to.equal(TAG.generalizedTime);
  });

  it('refuses times that do not exist or are not in UTC', () => {
    for (const text of ['260230000000Z', '261301000000Z', '260601250000Z', '2606011200Z', '260601120000+0100']) {
      expect(() => timeOf(readDer(der(TAG.utcTime, Buffer.from(text)))), text).to.throw(EngineError, 'time');
    }
  });
});
