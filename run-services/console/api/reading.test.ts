import { expect, test } from 'vitest'
import { z } from 'zod'
import { parseBody } from './reading.ts'

test.each(['{"reason":"\\ud83d"}', '{"a\\udc00":1}', '[["\\ud83d x"]]'])(
  'half a character in %s is refused, whatever it would be good for',
  (text) => {
    expect(() => parseBody(text, z.unknown())).toThrow('the body holds half a character')
  },
)

test('whole characters of any script pass', () => {
  const body = { reason: 'Kurs bricht ein 📉', 数: ['é'] }
  expect(parseBody(JSON.stringify(body), z.unknown())).toEqual(body)
})
