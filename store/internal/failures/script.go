package failures

import "strconv"

// Script notes requests of one user, as [List.Add] does. It answers with 1 where the user has kept failures, or else with 0. A user
// without any costs one look-up.
//
// KEYS: where failures are kept. ARGV: milliseconds that they live, the marks of the requests ([Marks]), and their lines, oldest first.
var Script = `
local call, kept, life, marks = redis.call, KEYS[1], ARGV[1], ARGV[2]
local most, number, fraction = ` + strconv.Itoa(Most) + `, 0, 1 / 65536
if call('EXISTS', kept) == 1 then
  number = tonumber(call('ZSCORE', kept, 'n') or 0)
elseif not string.find(marks, '[FP]') then
  return 0
end
local function classes(members, each)
  for _, m in ipairs(members) do
    if m ~= 'n' then each(string.sub(m, 1, 1), string.sub(m, 2, 17), m) end
  end
end
local open = {}
classes(call('ZRANGE', kept, 0, -1), function(class, what) open[what] = class ~= 'O' end)
local new = {}
for i = 3, #ARGV do
  local at = (i - 3) * 18
  local class, counts, what = string.sub(marks, at + 1, at + 1), string.sub(marks, at + 2, at + 2) == '1', string.sub(marks, at + 3, at + 18)
  if counts then number = math.floor(number) + 1 end
  if class == 'F' or class == 'P' or class == 'O' and open[what] then
    if not counts then number = number + fraction end
    call('ZADD', kept, string.format('%.17g', number), class .. what .. ARGV[i])
    open[what] = class ~= 'O'
    new[1] = true
  end
end
call('ZADD', kept, string.format('%.17g', number), 'n')
if new[1] then
  local steps, parts, seen, drop = 0, 0, {}, {}
  classes(call('ZREVRANGE', kept, 0, -1), function(class, what, m)
    if class == 'F' then
      steps = steps + 1
      drop[m] = steps > most
    elseif class == 'P' then
      drop[m] = seen[what] or parts == most
      if not drop[m] then seen[what], parts = true, parts + 1 end
    end
  end)
  local failing = {}
  classes(call('ZRANGE', kept, 0, -1), function(class, what, m)
    if drop[m] or class == 'O' and not failing[what] then
      call('ZREM', kept, m)
    else
      failing[what] = class ~= 'O'
    end
  end)
end
call('PEXPIRE', kept, life)
return 1
`
