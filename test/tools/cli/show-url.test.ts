import { describe, expect, it } from 'vitest';
import { showUrl } from '../../../tools/cli/show-url.ts';

const URL_OF = 'https://a.example.com/callback';

describe('showUrl()', () => {
  it.each([
    ['', 'none'],
    ['callback', 'something that is no URL'],
    [`https://user:password@a.example.com/callback#part`, URL_OF],
    [`${URL_OF}?token=secret`, `${URL_OF}?…`],
    [`${URL_OF}?secret`, `${URL_OF}?…`],
    [`${URL_OF}?subAppId=1500000002`, `${URL_OF}?subAppId=1500000002`],
    [`${URL_OF}?token=secret&subAppId=7`, `${URL_OF}?subAppId=7&…`],
    [`${URL_OF}?subAppId=7&subAppId=secret`, `${URL_OF}?subAppId=7&…`],
    [`${URL_OF}?subAppId=secret`, `${URL_OF}?…`],
    [`${URL_OF}?subAppId=`, `${URL_OF}?…`],
  ])('shows the public parts of "%s"', (url, shown) => {
    expect(showUrl(url)).toBe(shown);
  });
});
