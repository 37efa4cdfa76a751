import { expect, test } from 'vitest'
import { readingStatement } from './warehouse-question.ts'

test.each([
  'SELECT 1',
  '  select 1',
  '(SELECT 1) UNION ALL (SELECT 2)',
  'WITH a AS (SELECT 1) SELECT * FROM a',
  'SELECT \';\' AS a, ";" AS b, `;` FROM t',
  "SELECT r'\\;', '''a;'b''', \"\"\";\"\"\" -- ; and more",
  '/* ; */ SELECT 1 # ;',
  '-- DROP TABLE fills;\nSELECT 1',
])('lets %j through unchanged', (sql) => {
  expect(readingStatement(sql)).toBe(sql)
})

test('leaves out the semicolon at the end and what is no statement behind it', () => {
  expect(readingStatement('SELECT 1; -- that is all')).toBe('SELECT 1')
})

test.each([
  ['', 'empty'],
  ['   ', 'empty'],
  ['-- SELECT 1', 'empty'],
  ['DELETE FROM fills WHERE TRUE', 'not DELETE'],
  ['/* SELECT */ DROP TABLE fills', 'not DROP'],
  ['EXPLAIN SELECT 1', 'not EXPLAIN'],
  ['BEGIN SELECT 1; END', 'not BEGIN'],
  ['EXPORT DATA OPTIONS () AS SELECT 1', 'not EXPORT'],
  ['SELECT 1; DROP TABLE fills', 'one statement'],
  ["SELECT ''; DROP TABLE fills; --'", 'one statement'],
  ["SELECT '\\''; DROP TABLE fills", 'one statement'],
  ["SELECT 'a\\'; DROP TABLE fills; --", undefined],
  ['SELECT 1;;', 'one statement'],
  ['SELECTED', 'not SELECTED'],
])('refuses %j, or leaves an open text to the database', (sql, message) => {
  // A text without an end swallows the rest; the database refuses it.
  if (message === undefined) expect(readingStatement(sql)).toBe(sql)
  else expect(() => readingStatement(sql)).toThrow(message)
})
