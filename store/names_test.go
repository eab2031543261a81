package store

import "testing"

func TestChannelsCarryTheNumberOfTheDatabase(t *testing.T) {
	for _, c := range []struct {
		prefix       string
		database     int
		log, channel string
	}{
		{"", 0, "userlog:log:ada", "userlog:log:ada"},
		{"", 4, "userlog:log:ada", "userlog:db4:log:ada"},
		{"shop:", 15, "shop:log:ada", "shop:db15:log:ada"},
		{NoKeyPrefix, 4, "log:ada", "userlog:log:ada"}, // as django-userlog names them
	} {
		keys, err := Options{KeyPrefix: c.prefix}.names(c.database)
		if err != nil || keys.Log("ada") != c.log || keys.LogChannel("ada") != c.channel {
			t.Errorf("prefix %q, database %d: %s, %s, %v", c.prefix, c.database, keys.Log("ada"), keys.LogChannel("ada"), err)
		}
	}
}
