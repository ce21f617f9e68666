package es

// digest.go answers: do two sides hold the same documents, whatever the order in which they were read?
// Each document is hashed over (type, id, routing, source); the hashes are added up, so that the sum does not
// depend on order, in buckets chosen by the id alone, so that a difference can be narrowed down to few ids.

import (
	"encoding/binary"
	"fmt"
	"math/bits"

	"github.com/zeebo/xxh3"
)

// DigestBuckets is how many sums one index has: a difference is drilled down by reading one 256th of the ids.
const DigestBuckets = 256

// Sum is a 128-bit sum of document hashes modulo 2^128.
type Sum struct {
	High, Low uint64
	Documents int64
}

// Digest is the order-free content digest of one index. The zero value is the digest of an empty index.
type Digest struct {
	Buckets [DigestBuckets]Sum
}

// Bucket says which bucket a document's id falls into.
func Bucket(id string) int { return int(xxh3.HashString(id) >> 56) }

// HashDocument hashes one document. canonical must be its source in canonical form (see package verify), so that
// white space and key order do not count but number literals do.
func HashDocument(docType, id, routing string, canonical []byte) (high, low uint64) {
	hasher := xxh3.New()
	var length [8]byte
	for _, part := range []string{docType, id, routing} {
		// Lengths keep ("ab","c") and ("a","bc") apart.
		binary.LittleEndian.PutUint64(length[:], uint64(len(part)))
		hasher.Write(length[:])
		hasher.WriteString(part)
	}
	hasher.Write(canonical)
	sum := hasher.Sum128()
	return sum.Hi, sum.Lo
}

// Add takes one document's hash into its bucket.
func (d *Digest) Add(id string, high, low uint64) {
	bucket := &d.Buckets[Bucket(id)]
	var carry uint64
	bucket.Low, carry = bits.Add64(bucket.Low, low, 0)
	bucket.High, _ = bits.Add64(bucket.High, high, carry)
	bucket.Documents++
}

// Merge adds another digest of the same index, made of other documents.
func (d *Digest) Merge(other *Digest) {
	for i := range d.Buckets {
		var carry uint64
		d.Buckets[i].Low, carry = bits.Add64(d.Buckets[i].Low, other.Buckets[i].Low, 0)
		d.Buckets[i].High, _ = bits.Add64(d.Buckets[i].High, other.Buckets[i].High, carry)
		d.Buckets[i].Documents += other.Buckets[i].Documents
	}
}

// Documents counts what was added.
func (d *Digest) Documents() int64 {
	var total int64
	for i := range d.Buckets {
		total += d.Buckets[i].Documents
	}
	return total
}

// Differing lists the buckets in which two digests differ.
func (d *Digest) Differing(other *Digest) []int {
	var differing []int
	for i := range d.Buckets {
		if d.Buckets[i] != other.Buckets[i] {
			differing = append(differing, i)
		}
	}
	return differing
}

// String is a short text of the whole digest, for tables and journals: 32 hexadecimal digits over all buckets.
func (d *Digest) String() string {
	hasher := xxh3.New()
	var field [8]byte
	for _, bucket := range d.Buckets {
		for _, value := range []uint64{bucket.High, bucket.Low, uint64(bucket.Documents)} {
			binary.LittleEndian.PutUint64(field[:], value)
			hasher.Write(field[:])
		}
	}
	sum := hasher.Sum128()
	return fmt.Sprintf("%016x%016x", sum.Hi, sum.Lo)
}
