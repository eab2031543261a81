package main

// What tests of faults prove, in the rows join, resume, redis and browser.

func joinProofs() []proof {
	return []proof{{"test/soak", "TestJoin", "live: joins at random moments, connections killed and delayed", "0 lost, twice, or out of order; 0 gaps"}}
}

func resumeProofs() []proof {
	return []proof{
		{"test/soak", "TestResume", "live: connections of viewers are cut", "what one sees who was never cut, or one gap"},
		{"test/soak", "TestEveryone", "live: viewers of everyone leave and come back", "all that was published, or a gap"},
	}
}

func redisProofs() []proof {
	return []proof{
		{"test/soak", "TestViewersAndAKilledRedis", "live: Redis is killed and started again", "live within 2 s of its return, nothing missing"},
		{"test/soak", "TestViewersAndASilentRedis", "live: Redis is silent", "live within 15 s of its end, nothing missing"},
	}
}

func browserProofs() []proof {
	return []proof{{"test/e2e", "TestLiveLogStaysQuick", "browser: a live page left open", "rows capped, memory flat, answers within 100 ms"}}
}
