import { expect } from 'chai';
import { compileSchema, discardSchema } from '../../../../engine/pipelines/xml/compiled-schema.ts';

const SIMPLE = '<xs:simpleType><xs:restriction base="xs:string"/></xs:simpleType>';

function schemaOf(content: string, attributes = ''): string {
  return `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"${attributes}>${content}</xs:schema>`;
}

describe('the proof of a window, by small schemas', () => {
  const ROOT_OF_A = '<xs:element name="R"><xs:complexType><xs:sequence>';
  const END = '</xs:sequence></xs:complexType></xs:element>';

  function proves(schema: string, document: string | Buffer): boolean {
    const made = compileSchema(Buffer.from(schema));
    if (!('validator' in made)) throw new Error(made.fault);
    try {
      return made.prove?.({ bytes: Buffer.from(document), own: 0, unclosed: [] }) ?? false;
    } finally {
      discardSchema(made);
    }
  }

  it('understands a small schema', () => {
    const schema = schemaOf(`${ROOT_OF_A}<xs:element name="A">${SIMPLE}</xs:element>${END}`);
    expect(proves(schema, '<R><A>x</A></R>')).to.equal(true);
    expect(proves(schema, '<R><A>x</A><A>x</A></R>')).to.equal(false);
    expect(proves(schema, '<A>x</A>')).to.equal(false);
  });

  const refused: Readonly<Record<string, string>> = {
    'a default value': schemaOf(`${ROOT_OF_A}<xs:element name="A" default="x">${SIMPLE}</xs:element>${END}`),
    'a fixed value': schemaOf(`${ROOT_OF_A}<xs:element name="A" fixed="y">${SIMPLE}</xs:element>${END}`),
    'an element that may be nil': schemaOf(
      `${ROOT_OF_A}<xs:element name="A" nillable="true">${SIMPLE}</xs:element>${END}`,
    ),
    'an attribute': schemaOf(
      `<xs:element name="R"><xs:complexType><xs:sequence><xs:element name="A">${SIMPLE}</xs:element></xs:sequence>` +
        '<xs:attribute name="a" use="required"/></xs:complexType></xs:element>',
    ),
    'a key': schemaOf(
      `${ROOT_OF_A}<xs:element name="A">${SIMPLE}</xs:element></xs:sequence></xs:complexType>` +
        '<xs:unique name="u"><xs:selector xpath="A"/><xs:field xpath="."/></xs:unique></xs:element>',
    ),
    'a namespace': schemaOf(
      `${ROOT_OF_A}<xs:element name="A">${SIMPLE}</xs:element>${END}`,
      ' targetNamespace="urn:a"',
    ),
    'a facet it does not know': schemaOf(
      `${ROOT_OF_A}<xs:element name="A"><xs:simpleType><xs:restriction base="xs:string">` +
        `<xs:whiteSpace value="collapse"/></xs:restriction></xs:simpleType></xs:element>${END}`,
    ),
    'a pattern it does not know': schemaOf(
      `${ROOT_OF_A}<xs:element name="A"><xs:simpleType><xs:restriction base="xs:string">` +
        `<xs:pattern value="x?"/></xs:restriction></xs:simpleType></xs:element>${END}`,
    ),
    'an entity': `<!DOCTYPE xs:schema [<!ENTITY more "">]>${schemaOf(`${ROOT_OF_A}<xs:element name="A">${SIMPLE}</xs:element>&more;${END}`)}`,
    'a list': schemaOf(
      `${ROOT_OF_A}<xs:element name="A"><xs:simpleType><xs:list itemType="xs:string"/></xs:simpleType></xs:element>${END}`,
    ),
    'any order': schemaOf(
      `<xs:element name="R"><xs:complexType><xs:all><xs:element name="A">${SIMPLE}</xs:element></xs:all></xs:complexType></xs:element>`,
    ),
    'one name with two types': schemaOf(
      `${ROOT_OF_A}<xs:element name="A">${SIMPLE}</xs:element>${END}<xs:element name="A" type="xs:integer"/>`,
    ),
  };
  for (const [what, schema] of Object.entries(refused)) {
    it(`leaves to libxml2 a schema with ${what}`, () => {
      expect(proves(schema, '<R><A>x</A></R>')).to.equal(false);
    });
  }

  it('counts characters, not bytes', () => {
    const type =
      '<xs:simpleType><xs:restriction base="xs:string"><xs:maxLength value="2"/></xs:restriction></xs:simpleType>';
    const schema = schemaOf(`${ROOT_OF_A}<xs:element name="A">${type}</xs:element>${END}`);
    expect(proves(schema, '<R><A>é\u{1F600}</A></R>')).to.equal(true);
    expect(proves(schema, '<R><A>éaé</A></R>')).to.equal(false);
  });

  it('leaves to libxml2 all that is not plain', () => {
    const schema = schemaOf(`${ROOT_OF_A}<xs:element name="A">${SIMPLE}</xs:element>${END}`);
    const documents = ['<R><A>&#120;</A></R>', '<R><!-- --><A>x</A></R>', '<R><A><![CDATA[x]]></A></R>', '<R><A/></R>'];
    const others = [
      '<R a="b"><A>x</A></R>',
      '<R><A >x</A></R>',
      '<R><A>\uFFFF</A></R>',
      '<R><A> x</A></R>',
      '<R>x<A>x</A></R>',
    ];
    const unfinished = [
      '<R><A>x</A>',
      '<R><A>x</A></R',
      '<R><A>x',
      '<R',
      '',
      '<R><A>x</A></R>y',
      '<R\f><A>x</A></R>',
      '<R\u00a0><A>x</A></R>',
      '<R><A>x</A></R><R/>',
    ];
    for (const document of [...documents, ...others, ...unfinished]) {
      expect(proves(schema, document), document).to.equal(false);
    }
    expect(proves(schema, Buffer.from('<R><A>\xe9</A></R>', 'latin1'))).to.equal(false);
  });
});
