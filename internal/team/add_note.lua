-- Adds a note to a user's sheet.
--
-- KEYS[1] is the sheet (HASH).
-- ARGV[1] is the number of the note, ARGV[2] the note, ARGV[3] how many notes are kept, ARGV[4] after how many milliseconds
-- the sheet expires.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function author(line)
	local read, note = pcall(cjson.decode, line)
	return read and type(note) == 'table' and tostring(note.by) or ''
end
local notes, authors = {}, {}
local fields = redis.call('HGETALL', KEYS[1])
for i = 1, #fields, 2 do
	if string.sub(fields[i], 1, 5) == 'note:' then
		notes[#notes + 1] = fields[i]
		authors[fields[i]] = author(fields[i + 1])
	end
end
-- Times have 13 digits until the year 2286, so that their order is that of the names.
table.sort(notes)
-- A note is newer than the one before, also within the same millisecond.
local newest = string.match(notes[#notes] or '', '^note:(%d+):')
newest = tonumber(newest or '0')
if newest >= now and newest < now + 1000 then
	now = newest + 1
end
local added = 'note:' .. string.format('%.0f', now) .. ':' .. ARGV[1]
notes[#notes + 1] = added
authors[added] = author(ARGV[2])
redis.call('HSET', KEYS[1], added, ARGV[2])
-- Where there are too many, the oldest one goes of those whose author has the most. So nobody pushes out the notes of a colleague.
while #notes > tonumber(ARGV[3]) do
	local has, most, oldest = {}, 0, 1
	for _, note in ipairs(notes) do
		local by = authors[note]
		has[by] = (has[by] or 0) + 1
		most = math.max(most, has[by])
	end
	while has[authors[notes[oldest]]] < most do
		oldest = oldest + 1
	end
	redis.call('HDEL', KEYS[1], table.remove(notes, oldest))
end
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1
