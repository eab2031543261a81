-- Appends one record if the ring still ends where the caller thinks.
--
-- KEYS[1] is the head (STRING), KEYS[2] the stream, KEYS[3] the head of the other ring.
-- ARGV[1] and ARGV[2] are the head and the id of the newest entry that the caller expects, "" where
-- there is none. ARGV[3] and ARGV[4] are the new ones. ARGV[5] is how many entries to keep, ARGV[6] the
-- record and ARGV[7] its hash.
--
-- Returns 'written', or 'moved' when the ring ends elsewhere, or 'stuck' when nothing can be added to the stream. Behind that
-- are the head and the newest id that are there, and the head of the other ring. A head that is no text is '?'.
local function text(key)
	local kind = redis.call('TYPE', key)['ok']
	if kind == 'none' then
		return ''
	end
	return kind == 'string' and redis.call('GET', key) or '?'
end
local head, other = text(KEYS[1]), text(KEYS[3])
local kind = redis.call('TYPE', KEYS[2])['ok']
if kind ~= 'none' and kind ~= 'stream' then
	return {'stuck', head, '', other}
end
local newest = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)
local top = newest[1] and newest[1][1] or ''
if head ~= ARGV[1] or top ~= ARGV[2] then
	return {'moved', head, top, other}
end
local added = redis.pcall('XADD', KEYS[2], 'MAXLEN', '=', ARGV[5], ARGV[4], 'line', ARGV[6], 'hash', ARGV[7])
if type(added) == 'table' and added.err then
	if string.find(added.err, 'ID specified', 1, true) or string.find(added.err, 'last possible ID', 1, true) then
		return {'stuck', head, top, other}
	end
	return added
end
redis.call('SET', KEYS[1], ARGV[3])
return {'written', head, top, other}
