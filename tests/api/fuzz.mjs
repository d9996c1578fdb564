// SPDX-License-Identifier: MIT
// Requests made at random from the schemas of docs/openapi.json, good and broken, at a running station.
//	node tests/api/fuzz.mjs [--seed N] [--seconds N]
// No 5xx but "busy", nobody hangs or dies; every answer is as described; what the schema refuses is refused, and
// every mistake in a body or query names its place: a JSON pointer into what was sent, or the parameter.
import { bearer, check, finish, judge, operations, resolve, send, validators } from './lib.mjs'

const option = (name, otherwise) => {
	const i = process.argv.indexOf(`--${name}`)
	return i > 0 ? Number(process.argv[i + 1]) : otherwise
}
const seed = option('seed', Number(process.hrtime.bigint() % 1000000000n))
const seconds = option('seconds', 3)
console.log(`# fuzz: seed ${seed}, ${seconds} s (again: node tests/api/fuzz.mjs --seed ${seed})`)

// xorshift32: the same seed, the same requests
let state = seed | 1
function random(n) {
	state ^= state << 13
	state ^= state >>> 17
	state ^= state << 5
	return (state >>> 0) % n
}
const pick = list => list[random(list.length)]
const often = n => random(n) !== 0

const nasty = ['', ' ', '0', '-1', '../../etc/passwd', "'; DROP TABLE ticket;--", '%00', '\u0000', '\ud800', '\u202e', 'ä', '测试', '😀', '"', '\\', '/', '~1',
	'x'.repeat(64), 'x'.repeat(5000), '13800138000', 'T-1001', 'null', '{}', '\r\nX: y', '2026-13-45', '9e999']
const oddities = () => pick([null, true, false, 0, -0.0, -1, 1.5, 1e308, 9007199254740993, '', pick(nasty), [], {}, [[]], { a: { b: [1] } }, Array(300).fill(0)])

// A string of the shape this pattern has: the few forms that the document uses.
function shaped(pattern) {
	return pattern.replace(/^\^|\$$/g, '').replace(/\[([^\]]+)\](?:\{(\d+)(?:,\d+)?\}|([+*]))?/g, (_, set, n, more) => {
		const letters = set.startsWith('^') ? 'abc xyz' : set.replace(/(.)-(.)/g, (_, a, b) => a + b).replace(/\\u[0-9a-f]{4}/g, 'k')
		return Array.from({ length: n ? Number(n) : more ? 1 + random(9) : 1 }, () => pick([...letters])).join('')
	}).replace(/\([^()]*\)\?/g, '').replace(/\((.*?)\)/g, '$1').replace(/\\/g, '').replace(/\?/g, '')
}
function text(schema) {
	const least = schema.minLength ?? 0
	const most = Math.min(schema.maxLength ?? 40, 2500)
	if (schema.pattern?.startsWith('^[0-9]{4}')) return pick(['2026-11-22T08:00:00Z', '2030-01-01T00:00:00Z', '2026-11-22', '2030-12-31', '2024'])
	if (schema.pattern && !schema.pattern.startsWith('^[^')) return shaped(schema.pattern)
	return often(4) ? pick(['bench', 'li_na', 'T-1001', 'visual_ok', '1']).padEnd(least, 'x').slice(0, most) : 'y'.repeat(pick([least, most, Math.max(0, least - 1), most + 1]))
}
function number(schema) {
	const lo = schema.minimum ?? -1000
	const hi = schema.maximum ?? 1000
	const v = pick([lo, hi, lo + random(10), lo - 1, hi + 1, (lo + hi) / 2])
	return schema.type === 'integer' ? Math.round(v) : v
}
// A value of the schema, mostly good.
function make(schema, depth = 0) {
	schema = resolve(schema)
	if (!often(25)) return oddities()
	if (schema.const !== undefined) return schema.const
	if (schema.enum) return often(15) ? pick(schema.enum) : pick(nasty)
	if (schema.oneOf) return make(pick(schema.oneOf), depth)
	switch (schema.type) {
	case 'string': return often(12) ? text(schema) : pick(nasty)
	case 'integer':
	case 'number': return number(schema)
	case 'boolean': return random(2) === 0
	case 'array': return Array.from({ length: often(20) ? random(3) + (schema.minItems ?? 0) : (schema.maxItems ?? 3) + 1 }, () => make(schema.items, depth + 1))
	case 'object': {
		const out = {}
		for (const [name, of] of Object.entries(schema.properties || {}))
			if (name !== 'sign' && (schema.required?.includes(name) ? often(25) : random(3) === 0)) out[name] = make(of, depth + 1)
		if (!often(20)) out[pick(['nosuch', 'phone', '手机号', 'a/b', 'm~n', '', '__proto__x'])] = oddities()
		return out
	}
	default: return oddities()
	}
}
// Bytes of a body: mostly JSON, else something near it.
function body(schema) {
	const json = JSON.stringify(make(schema))
	switch (random(24)) {
	case 0: return json.slice(0, random(json.length + 1))
	case 1: return json + json
	case 2: return json.replace('{', '{"a":1,"a":2,')
	case 3: return '['.repeat(2000)
	case 4: return json.replace(/"/, '\u0001"')
	case 5: return Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])
	case 6: return json.replace(/\d+/, pick(['NaN', 'Infinity', '1e999', '-', '01', '0x10']))
	case 7: return '\ufeff' + json
	default: return json
	}
}
const valid = validators(false)
function path(op) {
	const one = p => {
		const v = often(4) ? p.example : pick([make(p.schema), pick(nasty)])
		return encodeURIComponent(String(v).toWellFormed?.() ?? String(v).replace(/[\ud800-\udfff]/g, '?')) || '%20'
	}
	const query = op.parameters.filter(p => p.in === 'query' && random(3) === 0).map(p => `${p.name}=${one(p)}`)
	if (!often(12)) query.push(pick(['nosuch=1', '=', '&', 'limit=%', 'a=b&a=b']))
	return op.base + op.path.replace(/\{(\w+)\}/g, (_, n) => one(op.parameters.find(p => p.in === 'path' && p.name === n))) + (query.length ? '?' + query.join('&') : '')
}

// Does the pointer lead into what was sent, or to a member that is missing there?
function leadsInto(pointer, value) {
	if (pointer === '') return true
	if (value === null || typeof value !== 'object') return !pointer.slice(1).includes('/') // missing there, as all is
	const steps = pointer.slice(1).split('/').map(s => s.replaceAll('~1', '/').replaceAll('~0', '~'))
	for (const [i, step] of steps.entries()) {
		if (value === null || typeof value !== 'object') return false
		// a name may be longer than is told
		const found = Object.keys(value).find(k => k === step || (step.length >= 50 && k.startsWith(step)))
		if (found === undefined) return i === steps.length - 1
		value = value[found]
	}
	return true
}
function places(op, rs, sent) {
	if (rs.status !== 400 && rs.status !== 422) return ''
	const { code, errors } = JSON.parse(rs.text)
	if (rs.status === 400 && code !== 'query') return '' // the bytes of the head themselves
	if (!errors?.length) return 'no place is named'
	for (const e of errors) {
		if (e.pointer === undefined && op.method !== 'GET' && rs.status === 422) return 'a mistake of the body has no pointer'
		if (e.pointer !== undefined && sent !== undefined && !leadsInto(e.pointer, sent)) return `${e.pointer} leads nowhere`
	}
	return ''
}

// Every second run that is asked for is one that there is.
const { runs } = JSON.parse((await send({ method: 'GET', path: '/api/v1/runs?bay=1', headers: bearer('admin') })).text)
for (const op of operations)
	for (const p of op.parameters)
		if (p.in === 'path' && p.name === 'run' && runs.length) p.example = runs[0].id

const statuses = {}
async function one(op) {
	const bytes = op.body && (often(30) ? body(op.body.schema) : '')
	const who = often(10) ? 'admin' : pick(['read', 'run', 'tickets', null, 'btk_0'])
	const headers = { ...bearer(who), ...(bytes === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(bytes) }) }
	if (!often(6)) headers['If-Match'] = pick(['"1"', '*', 'x', '"', '"99"'])
	if (!often(6)) headers['Idempotency-Key'] = pick(['k', 'k2', 'x'.repeat(95), 'x'.repeat(96)])
	const at = path(op)
	let rs, sent, wrong
	try { sent = bytes === undefined ? undefined : JSON.parse(bytes) } catch { sent = undefined }
	try {
		rs = await send({ method: op.method, path: at, headers, body: bytes, first: op.id === 'events', timeout: 12000 })
		statuses[rs.status] = (statuses[rs.status] ?? 0) + 1
		const busy = rs.status === 503 && /"code":"(busy|result_pending|no_bay_ready)"/.test(rs.text)
		wrong = rs.status >= 500 && !busy ? `status ${rs.status}` : judge(op, rs) || places(op, rs, sent)
		if (!wrong && rs.status < 300 && sent !== undefined && !valid(op.body.schema)(sent))
			wrong = `taken, though ${JSON.stringify(valid(op.body.schema).errors.slice(0, 2))}`
	} catch (e) {
		wrong = e.message
	}
	if (wrong) check(false, `${op.id}: ${wrong}`, `${op.method} ${at}\n${JSON.stringify(headers)}\n${bytes}\n-> ${rs?.status} ${rs?.text}`)
	return !wrong
}

// What ends other things, or waits, is asked by each.mjs alone.
const asked = operations.filter(op => !['key_rotate', 'bay_stop', 'backup_make', 'metrics', 'token_revoke', 'logout'].includes(op.id))
const until = Date.now() + seconds * 1000
let count = 0
let bad = 0
while (Date.now() < until && bad < 20) {
	const op = pick(asked)
	if (!(await one(op))) bad++
	count++
}
console.log(`# fuzz: ${count} requests, ${Object.entries(statuses).map(([k, v]) => `${k}: ${v}`).join(', ')}`)
check(bad === 0, `${count} requests at random, every answer as described`)
check(count > 20, 'and there were enough of them')
finish()
