package lucene

import (
	"path/filepath"
	"testing"
)

// BenchmarkColumn reads a column from front to back, a value per operation.
func BenchmarkColumn(b *testing.B) {
	for _, path := range writtenIndices(b) {
		s := openWritten(b, path)
		for _, field := range []string{"n_const", "n_delta", "n_gcd", "n_table", "n_half", "n_big", "n_vary"} {
			b.Run(filepath.Base(path)+"/"+field, func(b *testing.B) {
				b.ReportAllocs()
				c, err := s.columns.column(field)
				if err != nil {
					b.Fatal(err)
				}
				n := s.MaxDoc()
				for i := range b.N {
					if _, _, err := c.number(i % n); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
