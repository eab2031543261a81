-- KEYS: the head (STRING), the stream. ARGV: the head and the id of the newest entry that the caller
-- expects, "" where there is none; those that will be there; how many entries to keep; the record
-- and its hash. Returns nothing when it has written, or else the head and newest id that are there.
local head = redis.call('GET', KEYS[1]) or ''
local newest = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)
local top = newest[1] and newest[1][1] or ''
if head ~= ARGV[1] or top ~= ARGV[2] then
	return {head, top}
end
redis.call('XADD', KEYS[2], 'MAXLEN', '=', ARGV[5], ARGV[4], 'line', ARGV[6], 'hash', ARGV[7])
redis.call('SET', KEYS[1], ARGV[3])
return {}
