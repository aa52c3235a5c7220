import { expect } from 'chai';
import { createLocator, indexElements } from '../../../../engine/pipelines/xml/locate.ts';

describe('places of elements by their paths', () => {
  const xml = '<A><B/><C a=">"><D/></C><!-- <B/> --><B><D/><D/></B></A>';
  const locate = createLocator(indexElements(Buffer.from(xml)));
  const at = (path: string) => locate(path)?.at;

  it('are found by name and number', () => {
    expect(at('/A')).to.equal(0);
    expect(at('/A/B')).to.equal(xml.indexOf('<B/>'));
    expect(at('/A/B[2]')).to.equal(xml.indexOf('<B><D'));
    expect(at('/A/B[2]/D[2]')).to.equal(xml.lastIndexOf('<D/>'));
    expect(at('/A/C/@a')).to.equal(xml.indexOf('<C'));
  });

  it('are found by number alone where a name is in a namespace', () => {
    expect(at('/*')).to.equal(0);
    expect(at('/*/*[2]/*')).to.equal(xml.indexOf('<D/>'));
  });

  it('are not found where there is nothing', () => {
    for (const path of ['', '/B', '/A/B[3]', '/A/D', '/A/B/D/E', '/A/*[4]']) expect(at(path), path).to.equal(undefined);
  });

  it('are found quickly among many', () => {
    const many = createLocator(indexElements(Buffer.from(`<A>${'<B/>'.repeat(60_000)}</A>`)));
    let sum = 0;
    for (let number = 1; number <= 60_000; number++) sum += many(`/A/B[${number}]`)?.position ?? 0;
    expect(sum).to.equal((60_000 * 59_999) / 2);
  });
});
