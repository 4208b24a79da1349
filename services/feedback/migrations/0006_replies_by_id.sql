-- A reply is asked for by the id that its bank gave it: that stands for one body, whatever need it speaks of.
DROP INDEX reply_enterprise;
