import { XMLBuilder, XMLParser, XMLValidator } from 'fast-xml-parser';
import * as v from 'valibot';
import { CosError } from './cos-error.ts';

/** A part in a client's request to complete an upload. */
export interface NamedPart {
  readonly partNumber: number;
  /** As sent, with or without quotes. */
  readonly etag: string;
}

/** Content of an XML element: text, elements by name, or the same element several times. */
export type XmlValue =
  | string
  | number
  | boolean
  | readonly XmlValue[]
  | { readonly [name: string]: XmlValue };

/** Part numbers are 1 to this. https://cloud.tencent.com/document/product/436/14518 */
export const MAX_PART_NUMBER = 10_000;

const COMPLETE_REQUEST = v.object({
  CompleteMultipartUpload: v.object({
    Part: v.pipe(
      v.array(
        v.object({
          PartNumber: v.pipe(
            v.string(),
            v.regex(/^\d{1,5}$/),
            v.transform(Number),
            v.minValue(1),
            v.maxValue(MAX_PART_NUMBER),
          ),
          ETag: v.pipe(v.string(), v.nonEmpty()),
        }),
      ),
      v.nonEmpty(),
    ),
  }),
});

const builder = new XMLBuilder({});
const parser = new XMLParser({
  ignoreAttributes: true,
  ignoreDeclaration: true,
  parseTagValue: false,
  // Go writes the quotes of an ETag as `&#34;`; only this option decodes numeric references.
  htmlEntities: true,
  isArray: (name) => name === 'Part',
});

/** Returns an XML document with the one element `root`. */
export function writeXml(root: string, content: XmlValue): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${builder.build({ [root]: content })}`;
}

/** Returns the parts in a CompleteMultipartUpload request, in its order. @throws CosError `MalformedXML` */
export function parseCompleteRequest(xml: string): readonly NamedPart[] {
  if (XMLValidator.validate(xml) !== true) throw malformed();
  const { output, success } = v.safeParse(COMPLETE_REQUEST, parseXml(xml));
  if (!success) throw malformed();
  return output.CompleteMultipartUpload.Part.map((part) => ({
    partNumber: part.PartNumber,
    etag: part.ETag,
  }));
}

function parseXml(xml: string): unknown {
  try {
    return parser.parse(xml);
  } catch (cause) {
    throw malformed({ cause });
  }
}

function malformed(options: ErrorOptions = {}): CosError {
  return new CosError(
    'MalformedXML',
    `Expected <CompleteMultipartUpload> with one or more <Part>, each with a <PartNumber> of 1 to ${MAX_PART_NUMBER} and an <ETag>`,
    options,
  );
}
