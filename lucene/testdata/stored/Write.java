import java.io.File;
import java.lang.reflect.Constructor;
import java.nio.charset.StandardCharsets;
import org.apache.lucene.document.*;
import org.apache.lucene.index.*;
import org.apache.lucene.store.*;
import org.apache.lucene.util.BytesRef;

// Writes one index of 300 documents whose stored fields storedfields_test.go can work out again. See README.md.
public class Write {
  static Directory open(String p) throws Exception {
    try { return (Directory) FSDirectory.class.getMethod("open", java.nio.file.Path.class).invoke(null, new File(p).toPath()); }
    catch (NoSuchMethodException e) { return (Directory) FSDirectory.class.getMethod("open", File.class).invoke(null, new File(p)); }
  }
  static IndexWriterConfig conf() throws Exception {
    Class<?> an = Class.forName("org.apache.lucene.analysis.Analyzer");
    try { return IndexWriterConfig.class.getConstructor(an).newInstance((Object) null); }
    catch (NoSuchMethodException e) {
      Class<?> v = Class.forName("org.apache.lucene.util.Version");
      Object[] all = v.isEnum() ? v.getEnumConstants() : new Object[]{v.getField("LATEST").get(null)};
      Object cur = all[v.isEnum() ? all.length - 2 : 0]; // the last of the enum is LUCENE_CURRENT
      return (IndexWriterConfig) IndexWriterConfig.class.getConstructor(v, an).newInstance(cur, null);
    }
  }
  public static void main(String[] a) throws Exception {
    String path = a[0]; String mode = a.length > 1 ? a[1] : "";
    int n = 300;
    Directory dir = open(path);
    IndexWriterConfig c = conf();
    c.setRAMBufferSizeMB(256);
    LogDocMergePolicy mp = new LogDocMergePolicy();
    boolean compound = !mode.equals("LOOSE");
    try { mp.getClass().getMethod("setNoCFSRatio", double.class).invoke(mp, compound ? 1.0 : 0.0); } catch (NoSuchMethodException e) { }
    c.setMergePolicy(mp);
    try { c.getClass().getMethod("setUseCompoundFile", boolean.class).invoke(c, compound); }
    catch (NoSuchMethodException e) { mp.getClass().getMethod("setUseCompoundFile", boolean.class).invoke(mp, compound); }
    if (mode.equals("BEST_COMPRESSION")) {
      Class<?> k = c.getCodec().getClass();
      for (Constructor<?> ctor : k.getConstructors())
        if (ctor.getParameterCount() == 1 && ctor.getParameterTypes()[0].isEnum())
          for (Object o : ctor.getParameterTypes()[0].getEnumConstants())
            if (o.toString().equals(mode)) c.setCodec((org.apache.lucene.codecs.Codec) ctor.newInstance(o));
    }
    IndexWriter w = new IndexWriter(dir, c);
    StringBuilder large = new StringBuilder();
    while (large.length() < 600000) large.append("0123456789abcdef ");
    for (int d = 0; d < n; d++) {
      Document doc = new Document();
      String source = "{\"n\":" + d + ",\"text\":\"" + (d == 100 ? large : "word" + d % 7 + " word" + d % 5) + "\"}";
      doc.add(new StoredField("_source", new BytesRef(source.getBytes(StandardCharsets.UTF_8))));
      doc.add(new StringField("_uid", "doc#id" + d, Field.Store.YES));
      if (d % 3 == 0) doc.add(new StoredField("_routing", "r" + d % 4));
      doc.add(new StoredField("_timestamp", 1500000000000L + d * new long[]{1, 1000, 3600000, 86400000}[d % 4]));
      doc.add(new StoredField("i", d * 1000 - 7));
      doc.add(new StoredField("l", (long) d * d * d * d * d * d - 5));
      doc.add(new StoredField("f", d % 2 == 0 ? d - 1 : d / 7f));
      doc.add(new StoredField("d", d % 3 == 0 ? d - 1.0 : d % 3 == 1 ? d / 4.0 : d / 7.0));
      w.addDocument(doc);
    }
    w.commit();
    for (int d = 0; d < n; d++) if (d % 50 == 3) w.deleteDocuments(new Term("_uid", "doc#id" + d));
    w.commit();
    w.close(); dir.close();
  }
}
