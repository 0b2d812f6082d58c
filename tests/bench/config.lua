-- wrk: asks for the config of one bot, each time for a call of its own with a connected event, as an engine does at the start of a call.
local threads = 0

function setup(thread)
  thread:set("id", threads)
  threads = threads + 1
end

function init()
  wrk.headers["X-CXBCore-Secret"] = os.getenv("CXBOX_BENCH_SECRET")
  path = "/api/v1/config/" .. os.getenv("CXBOX_BENCH_BOT")
  run = os.getenv("CXBOX_BENCH_RUN")
  n = 0
  math.randomseed(os.time() + id * 7919)
  event = "%7B%22name%22%3A%22Ada%22%2C%22customer_id%22%3A%2212345%22%2C%22_skip_prefetch%22%3Atrue%7D"
end

function request()
  n = n + 1
  local key = string.format("%08x-%s-%d-%d", math.random(0, 0x7fffffff), run, id, n)
  return wrk.format("GET", path .. "?caller_id=%2B15551234567&stream_id=st-" .. key .. "&session_id=" .. key .. "&connected_event=" .. event)
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format("RESULT rate=%.0f p50_ms=%.1f p99_ms=%.1f max_ms=%.1f requests=%d failed=%d\n",
    summary.requests / (summary.duration / 1e6), latency:percentile(50) / 1000, latency:percentile(99) / 1000, latency.max / 1000,
    summary.requests, errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
