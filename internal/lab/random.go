package lab

// random.go answers: how is made-up data varied, ugly and yet the same on every run with the same seed?

import (
	"encoding/base64"
	"hash/fnv"
	"math/rand/v2"
	"strings"
)

// random is the source of one index's data. Each index has its own, named, so that adding an index changes no other.
type random struct{ *rand.Rand }

func newRandom(seed uint64, name string) random {
	hash := fnv.New64a()
	hash.Write([]byte(name)) // never fails, says its documentation
	return random{rand.New(rand.NewPCG(seed, hash.Sum64()))}
}

func pick[T any](r random, choices []T) T { return choices[r.IntN(len(choices))] }

// words are the vocabulary of made-up prose; some are Japanese or accented, since logs of this project's users are.
var words = []string{"snapshot", "restore", "shard", "segment", "index", "bucket", "template", "mapping", "upgrade", "codec",
	"brown", "fox", "lazy", "naïve", "café", "müller", "移行", "引っ越し", "ダウンタイム", "ログ", "サーバー", "検索", "🚚", "📦"}

func (r random) sentence(count int) string {
	chosen := make([]string, count)
	for i := range chosen {
		chosen[i] = pick(r, words)
	}
	return strings.Join(chosen, " ")
}

// autoID looks like an id that Elasticsearch made: 15 bytes in URL-safe base64.
func (r random) autoID() string {
	var raw [15]byte
	for i := range raw {
		raw[i] = byte(r.UintN(256))
	}
	return base64.RawURLEncoding.EncodeToString(raw[:])
}
